import type { SessionData } from "../../session/data.ts";

/**
 * The type of the value under a key of the session; `unknown` if the app did not declare the key.
 */
type ValueOf<Key extends string> = Key extends keyof SessionData
  ? SessionData[Key] | undefined
  : unknown;

/** The methods that read and set one value of a session. */
export interface GetSet {
  get<Key extends string>(key: Key): ValueOf<Key>;
  set<Key extends string>(key: Key, value: ValueOf<Key>): void;
}

/**
 * How `set` defines a value of the session. As an own property, it hides an inherited method of the
 * same name.
 */
const OWN = { configurable: true, enumerable: true, writable: true };

type Dictionary = Record<string, unknown>;

/**
 * The methods `get` and `set` of Fastify's session plugins. The plugins @fastify/passport and
 * @fastify/flash call them.
 */
export const GET_SET: PropertyDescriptorMap = {
  get: {
    value(this: Dictionary, key: string) {
      return Object.hasOwn(this, key) ? this[key] : undefined;
    },
  },
  set: {
    value(this: Dictionary, key: string, value: unknown) {
      if (value === undefined) delete this[key];
      else Object.defineProperty(this, key, { ...OWN, value });
    },
  },
};
