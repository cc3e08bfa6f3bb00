import { contextOf } from "../session/context.ts";
import type { SessionData } from "../session/data.ts";
import { INHERITED } from "../session/dictionary.ts";
import { describe, setMaxAge } from "../session/functions.ts";
import { cookieOf, type CookieView } from "./kit/cookie-view.ts";
import { methodAdder, saveLater, startAnew } from "./kit/session-methods.ts";
import { GET_SET, type GetSet } from "./kit/fastify-get-set.ts";
import { makePlugin, type SessionPlugin } from "./kit/fastify-plugin.ts";
import type { LazySessions } from "./kit/given.ts";
import { lifetimeIn, setMilliseconds } from "./kit/lifetime-spellings.ts";

export type { CookieView } from "./kit/cookie-view.ts";
export type { SessionPlugin } from "./kit/fastify-plugin.ts";

type Callback = (error?: unknown) => void;

declare module "fastify" {
  interface RequestSession extends GetSet {
    readonly sessionId: string;
    /**
     * The lifetime of the session's cookie. The other attributes of the cookie are options of
     * `session()`, the same for all sessions.
     *
     * @throws SessionError `ERR_SESSION_OPTION` if another attribute is set
     */
    readonly cookie: CookieView;
    /**
     * Sets the lifetime of this session: `{ maxAge }` in milliseconds. Set other attributes of the
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
    /**
     * Starts a new session with a new id. The new session keeps only the data under the given keys;
     * the old object keeps all its data.
     */
    regenerate(keep?: readonly string[]): Promise<void>;
    regenerate(done: Callback): void;
    regenerate(keep: readonly string[], done: Callback): void;
    /**
     * Ends the session. Afterwards `request.session` is a new, empty session; the old object keeps
     * its data.
     */
    destroy(): Promise<void>;
    destroy(done: Callback): void;
    /** Does nothing: Galleta saves the session when the response begins. */
    save(): Promise<void>;
    save(done: Callback): void;
    /** Does nothing: other requests cannot change the data that this request has read. */
    reload(): Promise<void>;
    reload(done: Callback): void;
    /** True if the request changed the session. */
    isModified(): boolean;
  }
}

/**
 * Sessions for apps written for @fastify/session. This is `@galleta/session/fastify` with the
 * methods that such apps, @fastify/passport and @fastify/flash call on `request.session`. The
 * methods are inherited and not enumerable, so the session's own keys contain only data.
 *
 * @param given options of `@galleta/session`, or sessions shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; `ERR_SESSION_SETUP` at registration
 *   if `request.session` already exists
 * @example
 * ```ts
 * import session from "@galleta/session/fastify-session";
 * await app.register(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * ```
 */
export default function session<Data = SessionData>(given: LazySessions<Data>): SessionPlugin {
  return makePlugin(given, methodAdder(METHODS));
}

type Dictionary = Record<string, unknown>;

const METHODS: object = Object.create(null, {
  ...INHERITED,
  ...GET_SET,
  sessionId: {
    get(this: object) {
      return describe(this).id;
    },
  },
  cookie: {
    get(this: object) {
      return cookieOf(this);
    },
  },
  options: {
    value(this: object, options: Dictionary) {
      const maxAge = lifetimeIn(options);
      if (maxAge !== undefined) setMilliseconds(this, maxAge);
    },
  },
  touch: { value: () => undefined },
  regenerate: { value: regenerate },
  destroy: { value: promised(startAnew) },
  save: { value: promised(saveLater) },
  reload: { value: promised(saveLater) },
  isModified: {
    value(this: object) {
      return contextOf(this).isChanged;
    },
  },
}) as object;

/** Makes a method return a promise if it is called without a callback. */
function promised(method: (this: object, done: Callback) => unknown) {
  return function (this: object, done?: Callback): Promise<void> | undefined {
    if (done === undefined) return new Promise((resolve) => method.call(this, () => resolve()));
    method.call(this, done);
    return undefined;
  };
}

function regenerate(this: object, ...given: unknown[]): Promise<void> | undefined {
  const [keep, done] = typeof given[0] === "function" ? [undefined, given[0]] : given;
  return promised(function (called) {
    beginAnew(this, Array.isArray(keep) ? keep : []);
    saveLater.call(this, called);
  }).call(this, done as Callback | undefined);
}

/**
 * Starts a new session. The new session keeps the lifetime of the old one, and the data under the
 * given keys.
 */
function beginAnew(session: object, keep: readonly unknown[]): void {
  const context = contextOf(session);
  const kept = Object.entries(session).filter(([key]) => keep.includes(key));
  const { maxAge } = context.state.meta;
  context.startAnew();
  Object.assign(context.session, Object.fromEntries(kept));
  if (maxAge !== undefined) setMaxAge(context.session, maxAge);
}
