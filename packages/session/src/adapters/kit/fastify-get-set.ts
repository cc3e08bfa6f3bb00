import type { SessionData } from "../../session/data.ts";

/** The type of a key that the app declared, or `unknown`. */
type ValueOf<Key extends string> = Key extends keyof SessionData
  ? SessionData[Key] | undefined
  : unknown;

/** The methods `get` and `set` of a session. */
export interface GetSet {
  get<Key extends string>(key: Key): ValueOf<Key>;
  set<Key extends string>(key: Key, value: ValueOf<Key>): void;
}

/** Apps can set keys that are also names of methods. */
const OWN = { configurable: true, enumerable: true, writable: true };

type Dictionary = Record<string, unknown>;

/** `get` and `set` of Fastify's session plugins, which @fastify/passport and @fastify/flash call. */
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
