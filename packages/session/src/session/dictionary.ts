import { acrossCopies } from "../copies.ts";
import type { JsonObject } from "./format.ts";

/** Throws the error that fits the moment: after the headers, after the handshake, after the end. */
export type Fail = () => never;

// To make objects without any prototype that are not hash tables costs four times as much on Node 24,
// be it by `Object.create(null)` or by taking the prototype off. These have an empty one, which
// nobody can fill, and the dictionary denies it. Its one symbol can collide with no key of the data.
const Session = function () {} as unknown as new () => JsonObject;
/** Makes `String(session)` and templates give a name: without it they throw a bare TypeError. */
export const TO_TEXT: PropertyDescriptorMap = {
  [Symbol.toPrimitive]: { value: () => "[object Session]" },
};
Session.prototype = Object.freeze(Object.create(null, TO_TEXT));

/**
 * The dictionary that handlers see, and what stands behind it.
 *
 * It is an object without a prototype behind a proxy. While the session is open, nothing of it is
 * intercepted but `in` and the question for its prototype. Once its cookie has been sent,
 * {@link Dictionary.close} switches on the traps that turn a late write, also a nested one, into an
 * error instead of a silent loss.
 *
 * It is the handler of its own proxy, one object less for every request. A trap that is undefined
 * is no trap, and the shape never changes.
 */
export class Dictionary {
  /** What `req.session` is. */
  readonly view: JsonObject;
  /** The data itself, readable and writable at any time. */
  readonly data: JsonObject;
  owner: object;
  defineProperty: Fail | undefined;
  deleteProperty: Fail | undefined;
  get: typeof getReadOnly | undefined;
  /** The read-only views of nested objects, made when one is asked for. */
  nested: WeakMap<object, object> | undefined;

  /**
   * @param data is copied, but for what is nested in it
   * @param owner what {@link ownerOf} finds by the view
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
    // Copied first: the new data may well hold parts of the old.
    const copy = copyData(data);
    for (const key of Object.keys(target)) delete target[key];
    Object.assign(target, copy);
  }

  /** Makes the dictionary read-only. Reading goes on; a write, which defines, calls `fail`. */
  close(fail: Fail): void {
    this.defineProperty = this.deleteProperty = fail;
    this.get = getReadOnly;
  }

  /** Makes its keys read-only. What is nested may live on in another session, and stays as it is. */
  retire(owner: object, fail: Fail): void {
    this.owner = owner;
    this.defineProperty = this.deleteProperty = fail;
  }

  /** The trap of `in`. */
  has(target: object, key: PropertyKey): boolean {
    if (key !== WHOSE) return key in target;
    if (target === this.data) found.owner = this.owner;
    return false;
  }

  /**
   * The trap of `Object.getPrototypeOf`: denies the empty one, and no other that the dictionary may
   * be given. Of a frozen object a proxy may tell nothing but the truth.
   */
  getPrototypeOf(target: object): object | null {
    const prototype = Reflect.getPrototypeOf(target);
    return prototype === Session.prototype && Object.isExtensible(target) ? null : prototype;
  }
}

/**
 * The dictionary of a session that could not be loaded. Every use of it throws, and functions such
 * as `destroy` still find its owner.
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

/** A copy that is a plain object of its own; what is nested is shared. */
export function copyData(data: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(data)) {
    const value = data[key];
    // On a null prototype it would be a key like any other, but not where the data is copied to.
    if (key !== "__proto__" && value !== undefined) copy[key] = value;
  }
  return copy;
}

/**
 * Finds the owner of a view, without a key in the data and without a WeakMap, whose upkeep would
 * be a good part of what a request pays for its session.
 *
 * @returns `undefined` for anything else, such as a copy
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
/** Where the trap of `in` leaves its answer. */
const found = /* @__PURE__ */ acrossCopies("found", () => ({
  owner: undefined as object | undefined,
}));

/** Whether a proxy may stand for it: the methods of a Date work on the Date alone. */
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
  // A session in itself is read-only as it is; views of views would have no end.
  if (value === this.view) return value;
  // A proxy must give frozen properties as they are; frozen data needs no protection either.
  const own = Reflect.getOwnPropertyDescriptor(target, key);
  if (own?.configurable === false && own.writable === false) return value;
  const nested = (this.nested ??= new WeakMap());
  let view = nested.get(value);
  if (view === undefined)
    nested.set(value, (view = new Proxy(value, this as ProxyHandler<object>)));
  return view;
}
