import { acrossCopies } from "../copies.ts";
import type { JsonObject } from "./format.ts";

/**
 * Throws the error for the current state: after the headers, after the handshake, after the end.
 */
export type Fail = () => never;

// On Node 24, objects without any prototype cost four times as much, with `Object.create(null)` or
// by removing the prototype. These have an empty, frozen one, and the dictionary hides it. Its one
// symbol cannot collide with a key of the data.
const Session = function () {} as unknown as new () => JsonObject;
/** Gives `String(session)` and templates a result. Without it they throw a bare TypeError. */
export const TO_TEXT: PropertyDescriptorMap = {
  [Symbol.toPrimitive]: { value: () => "[object Session]" },
};
Session.prototype = Object.freeze(Object.create(null, TO_TEXT));

/**
 * The dictionary that handlers see, and its internals.
 *
 * It is an object without a prototype behind a proxy. While the session is open, the proxy
 * intercepts only `in` and the prototype. After the cookie was sent, {@link Dictionary.close} adds
 * traps that make a late write throw, also a nested one, so that it is not silently lost.
 *
 * The dictionary is the handler of its own proxy, which saves one object for every request. An
 * undefined trap has no effect, and the object's shape never changes.
 */
export class Dictionary {
  /** The object that apps see as `req.session`. */
  readonly view: JsonObject;
  /** The data itself, readable and writable at any time. */
  readonly data: JsonObject;
  owner: object;
  defineProperty: Fail | undefined;
  deleteProperty: Fail | undefined;
  get: typeof getReadOnly | undefined;
  /** The read-only views of nested objects, made at first use. */
  nested: WeakMap<object, object> | undefined;

  /**
   * @param data is copied; nested objects are shared
   * @param owner what {@link ownerOf} returns for the view
   */
  constructor(data: Readonly<JsonObject>, owner: object) {
    this.data = Object.assign(new Session(), data);
    this.owner = owner;
    this.view = new Proxy(this.data, this as ProxyHandler<JsonObject>);
  }

  /** Replaces the data and keeps the object's identity. */
  replace(data: JsonObject): void {
    const target = this.data;
    if (data === this.view || data === target) return;
    // Copied first, because the new data may contain parts of the old.
    const copy = copyData(data);
    for (const key of Object.keys(target)) delete target[key];
    Object.assign(target, copy);
  }

  /**
   * Makes the dictionary read-only. Reading goes on; a write, which defines a property, calls
   * `fail`.
   */
  close(fail: Fail): void {
    this.defineProperty = this.deleteProperty = fail;
    this.get = getReadOnly;
  }

  /**
   * Makes its own keys read-only. Nested objects may belong to another session now, and stay
   * writable.
   */
  retire(owner: object, fail: Fail): void {
    this.owner = owner;
    this.defineProperty = this.deleteProperty = fail;
  }

  /** The trap for `in`. */
  has(target: object, key: PropertyKey): boolean {
    if (key !== WHOSE) return key in target;
    if (target === this.data) found.owner = this.owner;
    return false;
  }

  /**
   * The trap for `Object.getPrototypeOf`. It hides the empty prototype, but not another one that
   * the object was given. For a frozen object, a proxy must report the truth.
   */
  getPrototypeOf(target: object): object | null {
    const prototype = Reflect.getPrototypeOf(target);
    return prototype === Session.prototype && Object.isExtensible(target) ? null : prototype;
  }
}

/**
 * Makes the dictionary of a session that could not be loaded. Every use of it throws, but functions
 * such as `destroy` still find its owner.
 */
export function failedView(owner: object, fail: Fail): JsonObject {
  const has = (_target: object, key: PropertyKey): boolean => {
    if (key !== WHOSE) return fail();
    found.owner = owner;
    return false;
  };
  // Methods that an adapter put into the prototype stay callable: `req.session.destroy()`.
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

/** Copies data into a plain object; nested objects are shared. */
export function copyData(data: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(data)) {
    const value = data[key];
    // `__proto__` is an ordinary key without a prototype, but not in the copy.
    if (key !== "__proto__" && value !== undefined) copy[key] = value;
  }
  return copy;
}

/**
 * Finds the owner of a view. It needs neither a key in the data nor a WeakMap, which would be a
 * large part of a session's cost.
 *
 * @returns `undefined` for other values, such as a copy
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
/** Where the trap for `in` puts its answer. */
const found = /* @__PURE__ */ acrossCopies("found", () => ({
  owner: undefined as object | undefined,
}));

/** True if a proxy may replace the object: the methods of a Date only work on the Date itself. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function getReadOnly(
  this: Dictionary,
  target: object,
  key: PropertyKey,
  receiver: unknown,
): unknown {
  const value: unknown = Reflect.get(target, key, receiver);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  // A session inside itself is already read-only. Views of views would never end.
  if (value === this.view) return value;
  // A proxy must return frozen properties unchanged, and frozen data needs no protection.
  const own = Reflect.getOwnPropertyDescriptor(target, key);
  if (own?.configurable === false && own.writable === false) return value;
  const nested = (this.nested ??= new WeakMap());
  let view = nested.get(value);
  if (view === undefined)
    nested.set(value, (view = new Proxy(value, this as ProxyHandler<object>)));
  return view;
}
