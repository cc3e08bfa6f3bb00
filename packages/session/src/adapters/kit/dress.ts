import { heldBy, hold, type Holder } from "./expose.ts";
import { propertyOf } from "./beside.ts";

/** Gives a request, or what stands for one, the property of its session. */
export type Expose = <Data>(target: object, holder: Holder<Data>) => void;

/**
 * Makes what gives a request its session, as `exposeSession` does, with methods that it inherits: the
 * session's own keys stay data alone.
 *
 * @param methods the prototype of the sessions, which inherits from nothing
 * @param wants whether a request needs them; without it every request does
 */
export function exposeDressed(methods: object, wants?: (target: object) => boolean): Expose {
  // The same functions for every request, as in `exposeSession`.
  const accessors = new Map<string, PropertyDescriptor>();
  const accessorOf = (property: string): PropertyDescriptor & ThisType<object> => ({
    get() {
      const { session } = heldBy(this, property)!;
      if (wants?.(this) === false || Object.getPrototypeOf(session) === methods) return session;
      return Object.setPrototypeOf(session, methods) as unknown;
    },
    set(value: never) {
      heldBy(this, property)!.session = value;
    },
    configurable: true,
    enumerable: true,
  });
  return (target, holder) => {
    hold(target, holder);
    const property = propertyOf(holder);
    let accessor = accessors.get(property);
    if (accessor === undefined) accessors.set(property, (accessor = accessorOf(property)));
    Object.defineProperty(target, property, accessor);
  };
}

/** Calls back later, as a store would: what comes after the call runs first. */
export function later<Result>(
  result: Result,
  done: ((error?: unknown) => void) | undefined,
): Result {
  if (done !== undefined) process.nextTick(done);
  return result;
}
