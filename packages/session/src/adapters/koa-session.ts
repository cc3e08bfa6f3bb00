import { contextOf } from "../session/context.ts";
import type { SessionData } from "../session/data.ts";
import { INHERITED } from "../session/dictionary.ts";
import { describe } from "../session/functions.ts";
import { methodExposer } from "./kit/session-methods.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";
import { serveKoa, type KoaMiddleware } from "./kit/koa-middleware.ts";
import { setMilliseconds } from "./kit/lifetime-spellings.ts";

export type { KoaMiddleware } from "./kit/koa-middleware.ts";

type Callback = (error?: unknown) => void;

declare module "koa" {
  interface ContextSession {
    /** True if the request had no session. */
    readonly isNew: boolean;
    /** The number of keys in the session. */
    readonly length: number;
    /** True if the session has any keys. */
    readonly populated: boolean;
    /**
     * The session's lifetime in milliseconds; "session" and null keep it until the browser closes.
     */
    maxAge: number | "session" | null;
    /** Gives the session a new id and keeps its data. */
    regenerate(done?: Callback): Promise<void>;
    /** Only calls `done`: Galleta saves the session when the response begins. */
    save(done?: Callback): Promise<void>;
    /** Does nothing: Galleta saves the session when the response begins. */
    manuallyCommit(): Promise<void>;
    /** Returns a copy of the session's data. */
    toJSON(): Record<string, unknown>;
  }
}

/**
 * Sessions for apps written for the package koa-session. This is `@galleta/session/koa` with the
 * methods that such apps and koa-passport call on `ctx.session`. The methods are inherited and not
 * enumerable, so the session's own keys contain only data.
 *
 * @param given options of `@galleta/session`, or sessions shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * import session from "@galleta/session/koa-session";
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * ```
 */
export default function session<Data = SessionData>(
  given: LazySessions<Data>,
): KoaMiddleware<Data> {
  return serveKoa(lazySessions(given), exposeWithMethods);
}

/** Calls `done`, if it is given, in a later tick. Returns a resolved promise. */
function settled(done: Callback | undefined): Promise<void> {
  if (done !== undefined) process.nextTick(done);
  return Promise.resolve();
}

const METHODS: object = Object.create(null, {
  ...INHERITED,
  isNew: {
    get(this: object) {
      return describe(this).isNew;
    },
  },
  length: {
    get(this: object) {
      return Object.keys(this).length;
    },
  },
  populated: {
    get(this: object) {
      return Object.keys(this).length > 0;
    },
  },
  maxAge: {
    get(this: object) {
      const { maxAge } = describe(this);
      return maxAge === null ? "session" : maxAge * 1000;
    },
    set(this: object, milliseconds: unknown) {
      setMilliseconds(this, milliseconds);
    },
  },
  regenerate: {
    value(this: object, done?: Callback) {
      contextOf(this).renew();
      return settled(done);
    },
  },
  save: { value: (done?: Callback) => settled(done) },
  manuallyCommit: { value: () => settled(undefined) },
  toJSON: {
    value(this: object) {
      return { ...this };
    },
  },
}) as object;

const exposeWithMethods = methodExposer(METHODS);
