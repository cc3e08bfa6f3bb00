import { acrossCopies } from "../copies.ts";
import type { JsonObject, JsonValue } from "./format.ts";

/**
 * Throws the error for a write that comes too late: after the response headers, after the WebSocket
 * handshake, or after the end of the session.
 */
export type Fail = () => never;

// On Node 24, an object without a prototype costs four times as much, however it is made. So these
// objects have a frozen prototype, which the dictionary hides.
const Session = function () {} as unknown as new () => JsonObject;
/**
 * The members that every session inherits. `Symbol.toPrimitive` serves `String(session)` and
 * template strings; TypeScript and older code expect `hasOwnProperty` on every object. With the
 * setter, an app can still store data under the key `hasOwnProperty`.
 */
export const INHERITED: PropertyDescriptorMap & ThisType<object> = {
  [Symbol.toPrimitive]: { value: () => "[object Session]" },
  hasOwnProperty: {
    get: () => hasOwnProperty,
    set(value: unknown) {
      const data = { configurable: true, enumerable: true, writable: true };
      Object.defineProperty(this, "hasOwnProperty", { ...data, value });
    },
  },
};
/** The prototype of session objects, and of the drafts that `update` passes to its function. */
export const PROTOTYPE: object = Object.freeze(Object.create(null, INHERITED));
Session.prototype = PROTOTYPE;

function hasOwnProperty(this: object, key: PropertyKey): boolean {
  return Object.hasOwn(this, key);
}

/**
 * The session object that an app sees as `req.session`, with its internals.
 *
 * The app gets a proxy of the data. While the session is open, the proxy intercepts only `in`, the
 * prototype and assignments. After the cookie was sent, {@link Dictionary.close} adds traps. Every
 * late write, also to a nested object, then throws instead of being lost silently.
 *
 * A Dictionary is also the handler of its proxy, which saves one object for each request. Unused
 * traps are undefined, so the shape of the object never changes.
 */
export class Dictionary {
  /** The object that apps see as `req.session`. */
  readonly view: JsonObject;
  /** The data of the session itself, readable and writable at any time. */
  readonly data: JsonObject;
  owner: object;
  defineProperty: Fail | undefined;
  deleteProperty: Fail | undefined;
  set: typeof write | undefined;
  get: typeof getReadOnly | undefined;
  /** Read-only proxies of the objects nested in the data. Each is made when it is first read. */
  nested: WeakMap<object, object> | undefined;

  /**
   * @param data the data of the session, copied one level deep; nested objects are shared
   * @param owner the object that {@link ownerOf} returns for the session: its SessionContext
   */
  constructor(data: Readonly<JsonObject>, owner: object) {
    this.data = Object.assign(new Session(), data);
    this.owner = owner;
    this.set = write;
    this.view = new Proxy(this.data, this as ProxyHandler<JsonObject>);
  }

  /** Replaces the session's data. The object that the app holds as `req.session` stays the same. */
  replace(data: JsonObject): void {
    const target = this.data;
    // Copied first, because the new data may share parts with the old.
    const copy = copyData(data);
    for (const key of Object.keys(target)) delete target[key];
    Object.assign(target, copy);
  }

  /** Makes the session object read-only: reading still works, and every write calls `fail`. */
  close(fail: Fail): void {
    this.set = undefined;
    this.defineProperty = this.deleteProperty = fail;
    this.get = getReadOnly;
  }

  /**
   * Makes the top-level keys of a replaced session object read-only. Nested objects stay writable,
   * because the new session may use them.
   */
  retire(owner: object, fail: Fail): void {
    this.owner = owner;
    this.set = undefined;
    this.defineProperty = this.deleteProperty = fail;
  }

  /**
   * The proxy's trap for the operator `in`. If the key is the symbol `WHOSE`, it passes the
   * session's owner to {@link ownerOf}.
   */
  has(target: object, key: PropertyKey): boolean {
    if (key !== WHOSE) return key in target;
    if (target === this.data) found.owner = this.owner;
    return false;
  }

  /**
   * The proxy's trap for `Object.getPrototypeOf`. It returns null instead of Galleta's own
   * prototype, but a prototype that the app set is returned. For a frozen object, JavaScript
   * requires the real prototype.
   */
  getPrototypeOf(target: object): object | null {
    const prototype = Reflect.getPrototypeOf(target);
    return prototype === PROTOTYPE && Object.isExtensible(target) ? null : prototype;
  }
}

/**
 * Makes the session object for a session that could not be loaded. Every access to its data throws,
 * but functions such as `destroy` still work.
 */
export function failedView(owner: object, fail: Fail): JsonObject {
  const has = (_target: object, key: PropertyKey): boolean => {
    if (key !== WHOSE) return fail();
    found.owner = owner;
    return false;
  };
  // Methods from an adapter's prototype can still be called: `req.session.destroy()`.
  const get = (target: object, key: PropertyKey, receiver: unknown): unknown =>
    key in target ? Reflect.get(target, key, receiver) : fail();
  return new Proxy<JsonObject>(Object.create(null) as JsonObject, {
    has,
    get,
    set: fail,
    ownKeys: fail,
    getOwnPropertyDescriptor: fail,
    defineProperty: fail,
    deleteProperty: fail,
  });
}

/** Copies session data into a plain object. Nested objects are shared with the original. */
export function copyData(data: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(data)) {
    const value = data[key];
    // On the source `__proto__` is an ordinary key, but on the copy it would set the prototype.
    if (key !== "__proto__" && value !== undefined) copy[key] = value;
  }
  return copy;
}

/**
 * Returns the SessionContext that owns a session object such as `req.session`. It asks the object's
 * proxy with the operator `in`, because a WeakMap would be a large part of a session's cost.
 *
 * @returns `undefined` for values that are not sessions, such as a copy of one
 */
export function ownerOf(view: unknown): object | undefined {
  if (typeof view !== "object" || view === null) return undefined;
  found.owner = undefined;
  Reflect.has(view, WHOSE);
  const { owner } = found;
  found.owner = undefined;
  return owner;
}

const WHOSE: unique symbol = Symbol.for("galleta.owner");
/** The variable in which the proxy's trap for `in` passes a session's owner to {@link ownerOf}. */
const found = /* @__PURE__ */ acrossCopies("found", () => ({
  owner: undefined as object | undefined,
}));

/**
 * True for arrays and plain objects, which work behind a proxy. A Date, for example, does not: its
 * methods need the Date itself.
 */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/**
 * The session proxy's trap for assignments, used while the session is open. Without a trap, V8
 * handles the assignment in C++, which takes four times as long.
 */
function write(
  this: Dictionary,
  target: JsonObject,
  key: string,
  value: JsonValue,
  receiver: unknown,
): boolean {
  // An object that inherits from the session keeps its own properties. Setters that an adapter adds
  // to the prototype need the proxy as `this`.
  if (receiver !== this.view || Object.getPrototypeOf(target) !== PROTOTYPE) {
    return Reflect.set(target, key, value, receiver);
  }
  target[key] = value;
  return true;
}

function getReadOnly(
  this: Dictionary,
  target: object,
  key: PropertyKey,
  receiver: unknown,
): unknown {
  const value: unknown = Reflect.get(target, key, receiver);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  // A session that contains itself is already read-only. Wrapping its view would never end.
  if (value === this.view) return value;
  // A proxy must return frozen properties unchanged. Frozen data needs no protection.
  const own = Reflect.getOwnPropertyDescriptor(target, key);
  if (own?.configurable === false && own.writable === false) return value;
  const nested = (this.nested ??= new WeakMap());
  let view = nested.get(value);
  if (view === undefined)
    nested.set(value, (view = new Proxy(value, this as ProxyHandler<object>)));
  return view;
}
