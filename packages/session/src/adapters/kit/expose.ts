import type { SessionOf } from "../../session/data.ts";

/** Whatever a session is read from and written to. */
export interface Holder<Data> {
  get session(): SessionOf<Data>;
  /** An object replaces the data, null ends the session. */
  set session(value: SessionOf<Data> | null);
}

/**
 * Where a request, or what stands for one, keeps the holder of a session, and how its property reads
 * it. A property costs next to nothing; an entry of a WeakMap for each request costs more than
 * parsing the session.
 */
class Place {
  readonly key: symbol;
  /**
   * The same functions for every request. With functions of its own each request would become an
   * object of its own kind, and all that is done with it afterwards slow.
   */
  readonly accessor: PropertyDescriptor & ThisType<Record<symbol, { session: unknown }>>;

  constructor(property: string) {
    const key = (this.key = Symbol.for(`galleta.held.${property}`));
    this.accessor = {
      get() {
        return this[key]!.session;
      },
      set(value: unknown) {
        this[key]!.session = value;
      },
      configurable: true,
      enumerable: true,
    };
  }
}

const SESSION = /* @__PURE__ */ new Place("session");
/** Properties come from options alone, so there are a few. */
const others = new Map<string, Place>();

function placeOf(property: string): Place {
  if (property === "session") return SESSION;
  let place = others.get(property);
  if (place === undefined) others.set(property, (place = new Place(property)));
  return place;
}

/**
 * The holder of a session of a request, or of what stands for one, if it has one yet.
 *
 * @param property under which the handler finds the session; a request may have several
 * @example
 * ```ts
 * if (heldBy(request) !== undefined) throw new Error("Keep one session middleware.");
 * ```
 */
export function heldBy(target: object, property = "session"): Holder<never> | undefined {
  return (target as Record<symbol, Holder<never> | undefined>)[placeOf(property).key];
}

/**
 * Gives a request, or what stands for one, the holder of a session, without a property.
 *
 * @example
 * ```ts
 * hold(request, new FetchSession(sessions, request));
 * ```
 */
export function hold<Data>(target: object, holder: Holder<Data>, property = "session"): void {
  (target as Record<symbol, unknown>)[placeOf(property).key] = holder;
}

/**
 * Gives `target` a property that opens the session at its first use.
 *
 * @example
 * ```ts
 * exposeSession(request, new FetchSession(sessions, request)); // request.session
 * ```
 */
export function exposeSession<Data>(
  target: object,
  holder: Holder<Data>,
  property = "session",
): void {
  const place = placeOf(property);
  (target as Record<symbol, unknown>)[place.key] = holder;
  Object.defineProperty(target, property, place.accessor);
}
