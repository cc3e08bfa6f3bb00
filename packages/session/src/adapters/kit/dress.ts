import { contextOf } from "../../session/context.ts";
import { heldBy, hold, type Holder } from "./expose.ts";
import { propertyOf } from "./beside.ts";

/** Gives a request, or what stands for one, the property of its session. */
export type Expose = <Data>(target: object, holder: Holder<Data>) => void;

/** Makes what gives sessions methods, which they inherit. */
export function dresser(methods: object): <Session extends object>(session: Session) => Session {
  return (session) =>
    Object.getPrototypeOf(session) === methods ? session : Object.setPrototypeOf(session, methods);
}

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
  const dress = dresser(methods);
  const accessorOf = (property: string): PropertyDescriptor & ThisType<object> => ({
    get() {
      const { session } = heldBy(this, property)!;
      return wants?.(this) === false ? session : dress(session);
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

/** `regenerate` of express-session, with which Passport begins a session. */
export function startAnew<S extends object>(this: S, done?: (error?: unknown) => void): S {
  contextOf(this).startAnew();
  return later(this, done);
}

/** `save` of express-session: a session is saved when the response begins. */
export function saveLater<S>(this: S, done?: (error?: unknown) => void): S {
  return later(this, done);
}

/** Calls back later, as a store would: what comes after the call runs first. */
function later<Result>(result: Result, done: ((error?: unknown) => void) | undefined): Result {
  if (done !== undefined) process.nextTick(done);
  return result;
}
