import type { IncomingMessage } from "node:http";
import { SessionError } from "../errors.ts";
import type { SessionData } from "../session/data.ts";
import { contextOf } from "../session/context.ts";
import { TO_TEXT } from "../session/dictionary.ts";
import { describe } from "../session/functions.ts";
import { serveConnect, type SessionMiddleware } from "./kit/middleware.ts";
import { exposeDressed, later } from "./kit/dress.ts";
import { heldBy } from "./kit/expose.ts";
import type { NodeSession } from "./kit/node-session.ts";
import { toSessions, type SessionsOrOptions } from "./kit/given.ts";

export type { SessionMiddleware };

type Callback = (error?: unknown) => void;

/**
 * The attributes of the session's cookie, for reading. They are options, the same for all sessions.
 */
export interface CookieView {
  /** When the cookie expires; null if it ends with the browser. */
  readonly expires: Date | null;
  /** Milliseconds until then. */
  readonly maxAge: number | null;
  /** The cookie's full lifetime in milliseconds. */
  readonly originalMaxAge: number | null;
}

declare global {
  namespace Express {
    interface RequestSession {
      readonly id: string;
      readonly cookie: CookieView;
      /** Starts a new session, without data and with a new id. The old object keeps its data. */
      regenerate(done?: Callback): this;
      /**
       * Ends the session. After that `req.session` is an empty one; the old object keeps its data.
       */
      destroy(done?: Callback): this;
      /** Does nothing: the session is saved when the response begins, in the cookie itself. */
      save(done?: Callback): this;
      /** Does nothing: no other request changes this request's data. */
      reload(done?: Callback): this;
      /** Does nothing: see the option `rolling`. */
      touch(): this;
      /** True if the session has this key, as for every object. */
      hasOwnProperty(key: PropertyKey): boolean;
    }

    interface Request {
      sessionID: string;
    }
  }
}

/**
 * Sessions for apps written for the package express-session. It is `@galleta/session/express` with
 * the methods that such apps call on `req.session`. They are inherited and not enumerable, so the
 * session's own keys are only data.
 *
 * @param given options of `@galleta/session`, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before it
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
  return (req, res, next) => serveConnect(sessions, req, res, next, expose);
}

/** The same for every request, like the accessor of the session. */
const SESSION_ID: PropertyDescriptor & ThisType<object> = {
  get() {
    return describe(heldBy(this)!.session).id;
  },
  configurable: true,
  enumerable: true,
};

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

const exposeWithMethods = exposeDressed(METHODS);

function expose<Data>(req: IncomingMessage, held: NodeSession<Data>): void {
  exposeWithMethods(req, held);
  if (held.sessions.property === "session") Object.defineProperty(req, "sessionID", SESSION_ID);
}

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
    "A cookie's attributes are the same for all sessions. Set maxAge and others as options of session().",
  );
}
