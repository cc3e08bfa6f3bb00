import { contextOf } from "../session/context.ts";
import type { SessionData } from "../session/data.ts";
import { TO_TEXT } from "../session/dictionary.ts";
import { destroy, setMaxAge } from "../session/functions.ts";
import { dresser } from "./kit/dress.ts";
import { makePlugin, type SessionPlugin } from "./kit/fastify-plugin.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";
import { refuseAttribute } from "./kit/lifetime-spellings.ts";

export type { SessionPlugin } from "./kit/fastify-plugin.ts";

declare module "fastify" {
  interface RequestSession {
    get(key: string): unknown;
    set(key: string, value: unknown): void;
    /** Gives a copy of the session's data. */
    data(): Record<string, unknown>;
    /** Ends the session. */
    delete(): void;
    /**
     * Gives this session a lifetime: `{ maxAge }` in seconds. Other attributes of the cookie are options
     * of all sessions.
     *
     * @throws SessionError `ERR_SESSION_OPTION` for another attribute
     */
    options(options: { readonly maxAge?: number; readonly [name: string]: unknown }): void;
    /** Does nothing: see the option `rolling`. */
    touch(): void;
    /** Gives the session a new id, and removes all its data but these keys. */
    regenerate(keep?: readonly string[]): void;
    /** Whether the request changed the session. */
    readonly changed: boolean;
    /** Whether the request ended the session. */
    readonly deleted: boolean;
  }
}

/**
 * Sessions for apps that were written for @fastify/secure-session: `@galleta/session/fastify`, and what
 * such apps, @fastify/passport, @fastify/flash and @fastify/csrf-protection call on `request.session`.
 * It is inherited and not enumerable, so that the session's own keys are data alone.
 *
 * @param given options of `@galleta/session`, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; `ERR_SESSION_SETUP` at registration
 * where `request.session` is there already
 * @example
 * ```ts
 * import session from "@galleta/session/fastify-secure-session";
 * await app.register(session({ secretKey: process.env.SECRET_KEY ?? "", encrypt: true }));
 * ```
 */
export default function session<Data = SessionData>(given: LazySessions<Data>): SessionPlugin {
  return makePlugin(lazySessions(given), withMethods);
}

type Dictionary = Record<string, unknown>;

const METHODS: object = Object.create(null, {
  ...TO_TEXT,
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
  options: { value: setOptions },
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

/** Also keys that are names of methods can be set. */
const OWN = { configurable: true, enumerable: true, writable: true };

const withMethods = dresser(METHODS);

/** Attributes of a cookie that are the same for all sessions. Plugins pass other things along. */
const ATTRIBUTES = ["path", "domain", "secure", "sameSite", "httpOnly", "partitioned", "expires"];

function setOptions(this: object, options: Dictionary): void {
  const other = ATTRIBUTES.find((name) => options[name] !== undefined);
  if (other !== undefined) throw refuseAttribute(other);
  if (options["maxAge"] !== undefined) setMaxAge(this, options["maxAge"] as number);
}
