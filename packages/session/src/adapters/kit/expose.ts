import type { SessionOf } from "../../session/data.ts";

/** Whatever a session is read from and written to. */
export interface Holder<Data> {
  get session(): SessionOf<Data>;
  /** An object replaces the data, null ends the session. */
  set session(value: SessionOf<Data> | null);
}

/**
 * Where a request, or what stands for one, keeps the holder of its session. A property costs next to
 * nothing; an entry of a WeakMap for each request costs more than parsing the session.
 */
const HELD = Symbol("galleta.session");

interface Carrier {
  [HELD]?: Holder<never>;
}

/** The holder of the session of a request, or of what stands for one, if it has one yet. */
export function heldBy(target: object): Holder<never> | undefined {
  return (target as Carrier)[HELD];
}

/** Gives a request, or what stands for one, the holder of its session. */
export function hold<Data>(target: object, holder: Holder<Data>): void {
  (target as Carrier)[HELD] = holder as unknown as Holder<never>;
}

/**
 * The same functions for every request. With functions of its own each request would become an
 * object of its own kind, and all that is done with it afterwards slow.
 */
const ACCESSOR: PropertyDescriptor & ThisType<{ [HELD]: { session: unknown } }> = {
  get() {
    return this[HELD].session;
  },
  set(value: unknown) {
    this[HELD].session = value;
  },
  configurable: true,
  enumerable: true,
};

/** Gives `target` a property `session` that opens the session at its first use. */
export function exposeSession<Data>(target: object, holder: Holder<Data>): void {
  hold(target, holder);
  Object.defineProperty(target, "session", ACCESSOR);
}
