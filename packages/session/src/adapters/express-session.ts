import type { IncomingMessage } from "node:http";
import { SessionError } from "../errors.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import { contextOf } from "../session/context.ts";
import { TO_TEXT } from "../session/dictionary.ts";
import { describe } from "../session/functions.ts";
import { serveConnect, type SessionMiddleware } from "./kit/middleware.ts";
import { heldBy, type Holder } from "./kit/expose.ts";
import { toSessions, type SessionsOrOptions } from "./kit/given.ts";

export type { SessionMiddleware };

type Callback = (error?: unknown) => void;

/** The attributes of the session's cookie, to read. They are options, the same for all sessions. */
export interface CookieView {
  /** When the cookie ends; null where it ends with the browser. */
  readonly expires: Date | null;
  /** Milliseconds until then. */
  readonly maxAge: number | null;
  /** Milliseconds that the cookie was given. */
  readonly originalMaxAge: number | null;
}

declare global {
  namespace Express {
    interface RequestSession {
      readonly id: string;
      readonly cookie: CookieView;
      /** Begins a new session, without data and with a new id. The old object keeps its data. */
      regenerate(done?: Callback): this;
      /** Ends the session. `req.session` is an empty one from then on; the old object keeps its data. */
      destroy(done?: Callback): this;
      /** Does nothing: a session is saved when the response begins, in the cookie itself. */
      save(done?: Callback): this;
      /** Does nothing: no other request changes the data of this one. */
      reload(done?: Callback): this;
      /** Does nothing: see the option `rolling`. */
      touch(): this;
      /** Whether the session has a key, as of every object. */
      hasOwnProperty(key: PropertyKey): boolean;
    }

    interface Request {
      sessionID: string;
    }
  }
}

/**
 * Sessions for apps that were written for the package express-session: `@galleta/session/express`,
 * and the methods that such apps call on `req.session`. They are inherited and not enumerable, so
 * that the session's own keys are data alone.
 *
 * @param given options of `@galleta/session`, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 * `ERR_SESSION_SETUP` where another session middleware stands before it
 * @example
 * ```ts
 * import session from "@galleta/session/express-session";
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * ```
 */
export default function session<Data = SessionData>(
  given: SessionsOrOptions<Data>,
): SessionMiddleware {
  const sessions = toSessions(given);
  return (req, res, next) => serveConnect(sessions, req, res, next, define);
}

/** The same functions for every request; see `exposeSession`. */
const PROPERTIES: PropertyDescriptorMap & ThisType<object> = {
  session: {
    get() {
      return dress(holderOf(this).session);
    },
    set(value: SessionOf<never> | null) {
      holderOf(this).session = value;
    },
    configurable: true,
    enumerable: true,
  },
  sessionID: {
    get() {
      return describe(holderOf(this).session).id;
    },
    configurable: true,
    enumerable: true,
  },
};

function define(req: IncomingMessage): void {
  Object.defineProperties(req, PROPERTIES);
}

/** The properties are given to requests that have one. */
function holderOf(req: object): Holder<never> {
  return heldBy(req)!;
}

function dress<S extends object>(of: S): S {
  if (Object.getPrototypeOf(of) !== METHODS) Object.setPrototypeOf(of, METHODS);
  return of;
}

/** Calls back later, as a store would: what comes after the call runs first. */
function later<S>(of: S, done: Callback | undefined): S {
  if (done !== undefined) process.nextTick(done);
  return of;
}

function startAnew<S extends object>(this: S, done?: Callback): S {
  contextOf(this).startAnew();
  return later(this, done);
}

function nothing<S>(this: S, done?: Callback): S {
  return later(this, done);
}

const METHODS: object = Object.create(null, {
  ...TO_TEXT,
  id: {
    get(this: object) {
      return describe(this).id;
    },
  },
  cookie: {
    get(this: object) {
      return cookieOf(this);
    },
  },
  regenerate: { value: startAnew },
  destroy: { value: startAnew },
  save: { value: nothing },
  reload: { value: nothing },
  touch: { value: nothing },
  hasOwnProperty: {
    value(this: object, key: PropertyKey) {
      return Object.hasOwn(this, key);
    },
  },
}) as object;

function cookieOf(of: object): CookieView {
  const { expiresAt, issuedAt } = describe(of);
  const view: CookieView = {
    expires: expiresAt,
    maxAge: expiresAt && expiresAt.getTime() - Date.now(),
    originalMaxAge: expiresAt && expiresAt.getTime() - issuedAt.getTime(),
  };
  return new Proxy(view, { set: refuse, defineProperty: refuse });
}

function refuse(): never {
  throw new SessionError(
    "ERR_SESSION_OPTION",
    "A cookie's attributes are the same for all sessions. Set maxAge and its like as options of session().",
  );
}
