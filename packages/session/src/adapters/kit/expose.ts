import type { SessionOf } from "../../session/data.ts";
import { assertApart, propertyOf, type Member } from "./beside.ts";

/**
 * An object that keeps the session of a request. Its property `session` reads and replaces the
 * session.
 */
export interface Holder<Data> extends Member {
  get session(): SessionOf<Data>;
  /** Assigning an object replaces the session's data; assigning null ends the session. */
  set session(value: SessionOf<Data> | null);
}

/**
 * How a request keeps one session: `key` is the symbol of the property that stores the session, and
 * `accessor` defines the property that handlers read. A property with a symbol is almost free; a
 * WeakMap entry for each request costs more than parsing the session.
 */
class Place {
  readonly key: symbol;
  /**
   * The getter and setter of the session, which all requests share. New functions would give each
   * request its own hidden class and slow down all later use of the request.
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
/**
 * The symbols and accessors of sessions whose property is not `session`. The map is never emptied:
 * property names come only from options, so there are few.
 */
const others = new Map<string, Place>();

function placeOf(property: string): Place {
  if (property === "session") return SESSION;
  let place = others.get(property);
  if (place === undefined) others.set(property, (place = new Place(property)));
  return place;
}

/**
 * Returns the object that keeps a request's session, such as a `FetchSession`; `undefined` if the
 * request has no session yet. The argument can also be a framework's own object for a request, such
 * as a Koa context.
 *
 * @param property the name under which the handler finds the session; a request may have several
 * @example
 * ```ts
 * if (heldBy(request) !== undefined) throw new Error("Keep one session middleware.");
 * ```
 */
export function heldBy(target: object, property = "session"): Holder<never> | undefined {
  return (target as Record<symbol, Holder<never> | undefined>)[placeOf(property).key];
}

/**
 * Stores the object that keeps a session on a request, or on a framework's object for a request, so
 * that {@link heldBy} finds it. Does not define a property such as `request.session`.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if another session of the request has the same cookie
 * @example
 * ```ts
 * hold(request, new FetchSession(sessions, request));
 * ```
 */
export function hold<Data>(target: object, holder: Holder<Data>): void {
  const property = propertyOf(holder);
  const places = target as Record<symbol, unknown>;
  // Most requests have one session and skip this work.
  if (property !== "session" || places[OTHERS] !== undefined) join(target, holder, property);
  places[placeOf(property).key] = holder;
}

/**
 * The key under which a request keeps a list: the property names of its sessions other than
 * `session`.
 */
const OTHERS = Symbol.for("galleta.properties");

function join<Data>(target: object, holder: Holder<Data>, property: string): void {
  for (const other of allHeld(target)) {
    if (other !== heldBy(target, property)) assertApart(holder, other);
  }
  if (property === "session") return;
  const places = target as Record<symbol, string[] | undefined>;
  const names = (places[OTHERS] ??= []);
  if (!names.includes(property)) names.push(property);
}

/**
 * Returns the objects that keep the sessions of a request. The one for the property `session` comes
 * first.
 */
export function allHeld(target: object): Holder<never>[] {
  const first = heldBy(target);
  const held = first === undefined ? [] : [first];
  for (const name of (target as Record<symbol, string[] | undefined>)[OTHERS] ?? []) {
    held.push(heldBy(target, name)!);
  }
  return held;
}

/**
 * Makes the session a property of `target`. The session opens when the property is first used.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if another session of the request has the same cookie
 * @example
 * ```ts
 * exposeSession(request, new FetchSession(sessions, request)); // request.session
 * ```
 */
export function exposeSession<Data>(target: object, holder: Holder<Data>): void {
  hold(target, holder);
  const property = propertyOf(holder);
  Object.defineProperty(target, property, placeOf(property).accessor);
}
