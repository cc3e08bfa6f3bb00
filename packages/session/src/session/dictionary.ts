import type { JsonObject } from "./format.ts";

/** Throws the error that fits the moment: after the headers, after the handshake, after the end. */
export type Refuse = () => never;

/**
 * The dictionary that handlers see, and what stands behind it.
 *
 * It is a null-prototype object behind a proxy without traps: while the session is open nothing is
 * intercepted. Once its cookie has been sent, {@link Dictionary.close} adds the traps that turn a
 * late write, also a nested one, into an error instead of a silent loss.
 */
export class Dictionary {
  /** What `req.session` is. */
  readonly view: JsonObject;
  readonly #target: JsonObject = Object.create(null) as JsonObject;
  readonly #traps: ProxyHandler<JsonObject> = {};

  constructor(data: JsonObject) {
    this.#fill(data);
    this.view = new Proxy(this.#target, this.#traps);
  }

  /** The data itself, readable and writable at any time. */
  get data(): JsonObject {
    return this.#target;
  }

  /** Replaces the data and keeps the object's identity. */
  replace(data: JsonObject): void {
    if (data === this.view || data === this.#target) return;
    // Copied first: the new data may well hold parts of the old.
    const entries = Object.entries(data);
    for (const key of Object.keys(this.#target)) delete this.#target[key];
    this.#fill(Object.fromEntries(entries) as JsonObject);
  }

  /** Makes the dictionary read-only. Reading goes on; a write calls `refuse`. */
  close(refuse: Refuse): void {
    const nested = new WeakMap<object, object>();
    const traps = readOnlyTraps(refuse, nested);
    this.#traps.set = traps.set;
    this.#traps.defineProperty = traps.defineProperty;
    this.#traps.deleteProperty = traps.deleteProperty;
    this.#traps.get = traps.get;
  }

  /** Makes it writable again. */
  reopen(): void {
    for (const name of Object.keys(this.#traps)) Reflect.deleteProperty(this.#traps, name);
  }

  #fill(data: JsonObject): void {
    for (const key of Object.keys(data)) {
      const value = data[key];
      // On a null prototype it would be a key like any other, but not where the data is copied to.
      if (key !== "__proto__" && value !== undefined) this.#target[key] = value;
    }
  }
}

type ReadOnlyTraps = Required<
  Pick<ProxyHandler<object>, "set" | "defineProperty" | "deleteProperty" | "get">
>;

function readOnlyTraps(refuse: Refuse, nested: WeakMap<object, object>): ReadOnlyTraps {
  const traps: ReadOnlyTraps = {
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof value !== "object" || value === null) return value;
      // A proxy must give frozen properties as they are; frozen data needs no protection either.
      const own = Reflect.getOwnPropertyDescriptor(target, key);
      if (own?.configurable === false && own.writable === false) return value;
      let view = nested.get(value);
      if (view === undefined) nested.set(value, (view = new Proxy(value, traps)));
      return view;
    },
  };
  return traps;
}
