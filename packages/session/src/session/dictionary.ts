import type { JsonObject } from "./format.ts";

/** Throws the error that fits the moment: after the headers, after the handshake, after the end. */
export type Refuse = () => never;

/**
 * The dictionary that handlers see, and what stands behind it.
 *
 * It is a null-prototype object behind a proxy. While the session is open, nothing of it is
 * intercepted but `in`. Once its cookie has been sent, {@link Dictionary.close} switches on the
 * traps that turn a late write, also a nested one, into an error instead of a silent loss.
 */
export class Dictionary {
  /** What `req.session` is. */
  readonly view: JsonObject;
  /** The data itself, readable and writable at any time. */
  readonly data: JsonObject;
  readonly #guard: Guard;

  /**
   * @param data becomes the dictionary itself, so nobody else may hold it
   * @param owner what {@link ownerOf} finds by the view
   */
  constructor(data: JsonObject, owner: object) {
    // Taking the prototype off what JSON.parse made keeps it as fast as it was; filling an
    // `Object.create(null)` would copy it into a hash table.
    this.data = Object.setPrototypeOf(data, null) as JsonObject;
    this.#guard = new Guard(this.data, owner);
    this.view = new Proxy(this.data, this.#guard as ProxyHandler<JsonObject>);
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

  /** Makes the dictionary read-only. Reading goes on; a write calls `refuse`. */
  close(refuse: Refuse): void {
    const guard = this.#guard;
    guard.set = refuse;
    guard.defineProperty = refuse;
    guard.deleteProperty = refuse;
    guard.get = getReadOnly;
  }
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
  answer = undefined;
  Reflect.has(view, WHOSE);
  const owner = answer;
  answer = undefined;
  return owner;
}

const WHOSE: unique symbol = Symbol("whose");
let answer: object | undefined;

/** The handler of the proxy. A trap that is undefined is no trap; the shape never changes. */
class Guard {
  readonly root: object;
  readonly owner: object;
  set: Refuse | undefined = undefined;
  defineProperty: Refuse | undefined = undefined;
  deleteProperty: Refuse | undefined = undefined;
  get: typeof getReadOnly | undefined = undefined;
  /** The read-only views of nested objects, made when one is asked for. */
  nested: WeakMap<object, object> | undefined = undefined;

  constructor(root: object, owner: object) {
    this.root = root;
    this.owner = owner;
  }

  has(target: object, key: PropertyKey): boolean {
    if (key !== WHOSE) return Reflect.has(target, key);
    if (target === this.root) answer = this.owner;
    return false;
  }
}

/** Whether a proxy may stand for it: the methods of a Date work on the Date alone. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function getReadOnly(this: Guard, target: object, key: PropertyKey, receiver: unknown): unknown {
  const value: unknown = Reflect.get(target, key, receiver);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  // A proxy must give frozen properties as they are; frozen data needs no protection either.
  const own = Reflect.getOwnPropertyDescriptor(target, key);
  if (own?.configurable === false && own.writable === false) return value;
  const nested = (this.nested ??= new WeakMap());
  let view = nested.get(value);
  if (view === undefined)
    nested.set(value, (view = new Proxy(value, this as ProxyHandler<object>)));
  return view;
}
