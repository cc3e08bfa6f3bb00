import { contextOf } from "../session/context.ts";
import type { SessionData } from "../session/data.ts";
import { INHERITED } from "../session/dictionary.ts";
import { destroy, setMaxAge } from "../session/functions.ts";
import { methodAdder } from "./kit/session-methods.ts";
import { GET_SET, type GetSet } from "./kit/fastify-get-set.ts";
import { makePlugin, type SessionPlugin } from "./kit/fastify-plugin.ts";
import type { LazySessions } from "./kit/given.ts";
import { lifetimeIn } from "./kit/lifetime-spellings.ts";

export type { SessionPlugin } from "./kit/fastify-plugin.ts";

declare module "fastify" {
  interface RequestSession extends GetSet {
    /** Returns a copy of the session's data. */
    data(): Record<string, unknown>;
    /** Ends the session. */
    delete(): void;
    /**
     * Sets the lifetime of this session: `{ maxAge }` in seconds. Set other attributes of the
     * cookie in the options of all sessions.
     *
     * @throws SessionError `ERR_SESSION_OPTION` for another attribute
     */
    options(options: { readonly maxAge?: number; readonly [name: string]: unknown }): void;
    /**
     * Does nothing: Galleta prolongs a session that is in use, unless the option `rolling` is
     * false.
     */
    touch(): void;
    /** Gives the session a new id, and keeps only the data under the given keys. */
    regenerate(keep?: readonly string[]): void;
    /** True if the request changed the session. */
    readonly changed: boolean;
    /** True if the request ended the session. */
    readonly deleted: boolean;
  }
}

/**
 * Sessions for apps written for @fastify/secure-session. This is `@galleta/session/fastify` with
 * the methods that such apps, @fastify/passport, @fastify/flash and @fastify/csrf-protection call
 * on `request.session`. The methods are inherited and not enumerable, so the session's own keys
 * contain only data.
 *
 * @param given options of `@galleta/session`, or sessions shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; `ERR_SESSION_SETUP` at registration
 *   if `request.session` already exists
 * @example
 * ```ts
 * import session from "@galleta/session/fastify-secure-session";
 * await app.register(session({ secretKey: process.env.SECRET_KEY ?? "", encrypt: true }));
 * ```
 */
export default function session<Data = SessionData>(given: LazySessions<Data>): SessionPlugin {
  return makePlugin(given, withMethods);
}

type Dictionary = Record<string, unknown>;

const METHODS: object = Object.create(null, {
  ...INHERITED,
  ...GET_SET,
  data: {
    value(this: Dictionary) {
      return { ...this };
    },
  },
  delete: {
    value(this: Dictionary) {
      destroy(this);
    },
  },
  options: {
    value(this: Dictionary, options: Dictionary) {
      const maxAge = lifetimeIn(options);
      if (maxAge !== undefined) setMaxAge(this, maxAge as number);
    },
  },
  touch: { value: () => {} },
  regenerate: {
    value(this: Dictionary, keep: unknown) {
      contextOf(this).renew();
      const kept: readonly unknown[] = Array.isArray(keep) ? keep : [];
      for (const key of Object.keys(this)) if (!kept.includes(key)) delete this[key];
    },
  },
  changed: {
    get(this: object) {
      return contextOf(this).isChanged;
    },
  },
  deleted: {
    get(this: object) {
      return contextOf(this).state.destroyed;
    },
  },
}) as object;

const withMethods = methodAdder(METHODS);
