import { contextOf } from "../../session/context.ts";
import { heldBy, hold, type Holder } from "./expose.ts";
import { propertyOf } from "./beside.ts";

/** Defines the session property on a request, or on a framework's object for a request. */
export type Expose = <Data>(target: object, holder: Holder<Data>) => void;

/** Returns a function that adds methods to a session, by making them the session's prototype. */
export function methodAdder(
  methods: object,
): <Session extends object>(session: Session) => Session {
  return (session) =>
    Object.getPrototypeOf(session) === methods ? session : Object.setPrototypeOf(session, methods);
}

/**
 * Returns a function that defines the session property on a request. Such a session inherits the
 * given methods, so its own keys contain only data.
 *
 * @param methods the prototype to give each session; without this, a session has no prototype
 * @param wants decides whether the session of a request needs the methods; default: always
 */
export function methodExposer(methods: object, wants?: (target: object) => boolean): Expose {
  // One accessor for each property serves all requests, as in `exposeSession`.
  const accessors = new Map<string, PropertyDescriptor>();
  const addMethods = methodAdder(methods);
  const accessorOf = (property: string): PropertyDescriptor & ThisType<object> => ({
    get() {
      const { session } = heldBy(this, property)!;
      return wants?.(this) === false ? session : addMethods(session);
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

/** Implements express-session's `regenerate`, which Passport calls to start a session. */
export function startAnew<S extends object>(this: S, done?: (error?: unknown) => void): S {
  contextOf(this).startAnew();
  return later(this, done);
}

/** Implements express-session's `save`. Galleta saves the session when the response begins. */
export function saveLater<S>(this: S, done?: (error?: unknown) => void): S {
  return later(this, done);
}

/**
 * Calls the callback in a later tick, as a store would, so that the code after the call runs first.
 */
function later<Result>(result: Result, done: ((error?: unknown) => void) | undefined): Result {
  if (done !== undefined) process.nextTick(done);
  return result;
}
