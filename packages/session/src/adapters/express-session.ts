import type { IncomingMessage } from "node:http";
import type { SessionData } from "../session/data.ts";
import { TO_TEXT } from "../session/dictionary.ts";
import { describe } from "../session/functions.ts";
import { serveConnect, type SessionMiddleware } from "./kit/middleware.ts";
import { exposeDressed, saveLater, startAnew } from "./kit/dress.ts";
import { heldBy } from "./kit/expose.ts";
import { refuseAttribute, setMilliseconds } from "./kit/lifetime-spellings.ts";
import type { NodeSession } from "./kit/node-session.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";

export type { SessionMiddleware };

type Callback = (error?: unknown) => void;

/** The lifetime of the session's cookie, with the property names of express-session. */
export interface CookieView {
  /** When the cookie expires. Null, or false when you set it, means when the browser closes. */
  expires: Date | null;
  /**
   * Milliseconds until `expires`. A number gives this session its own lifetime; null means until
   * the browser closes.
   */
  maxAge: number | null;
  /** The cookie's full lifetime in milliseconds. */
  readonly originalMaxAge: number | null;
}

declare global {
  namespace Express {
    interface RequestSession {
      readonly id: string;
      /**
       * The lifetime of the session. Other attributes are options, the same for all sessions.
       *
       * @throws SessionError `ERR_SESSION_OPTION` if another attribute is set
       */
      readonly cookie: CookieView;
      /** Starts a new session, without data and with a new id. The old object keeps its data. */
      regenerate(done?: Callback): this;
      /**
       * Ends the session. Afterwards `req.session` is a new, empty session; the old object keeps
       * its data.
       */
      destroy(done?: Callback): this;
      /** Does nothing: Galleta saves the session in its cookie when the response begins. */
      save(done?: Callback): this;
      /** Does nothing: other requests cannot change the data of this one. */
      reload(done?: Callback): this;
      /** Does nothing. The option `rolling` prolongs sessions. */
      touch(): this;
      /** True if the session has this key. Works as on every object. */
      hasOwnProperty(key: PropertyKey): boolean;
    }

    interface Request {
      sessionID: string;
    }
  }
}

/**
 * Sessions for apps written for the package express-session. This is `@galleta/session/express`
 * with the methods that such apps call on `req.session`. The methods are inherited and not
 * enumerable, so the session's own keys contain only data.
 *
 * @param given options of `@galleta/session`, sessions that are shared with a WebSocket server, or
 *   a function that gives either at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * import session from "@galleta/session/express-session";
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * ```
 */
export default function session<Data = SessionData>(given: LazySessions<Data>): SessionMiddleware {
  const sessions = lazySessions(given);
  return (req, res, next) => serveConnect(sessions(), req, res, next, expose);
}

/** One accessor serves all requests. */
const SESSION_ID: PropertyDescriptor & ThisType<object> = {
  get() {
    return describe(heldBy(this)!.session).id;
  },
  configurable: true,
  enumerable: true,
};

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
  save: { value: saveLater },
  reload: { value: saveLater },
  touch: { value: saveLater },
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

function cookieOf(session: object): CookieView {
  const { expiresAt, issuedAt, maxAge } = describe(session);
  const expires = maxAge === null ? null : expiresAt;
  const view: CookieView = {
    expires,
    maxAge: expires && expires.getTime() - Date.now(),
    originalMaxAge: expires && expires.getTime() - issuedAt.getTime(),
  };
  return new Proxy(view, {
    set(_view, name, value: unknown) {
      if (name === "maxAge") setMilliseconds(session, value);
      else if (name === "expires") setMilliseconds(session, untilOf(value));
      else throw refuseAttribute(String(name));
      return true;
    },
    defineProperty: (_view, name) => {
      throw refuseAttribute(String(name));
    },
  });
}

/** Returns the milliseconds until a date. Null and false mean until the browser closes. */
function untilOf(expires: unknown): unknown {
  if (expires === null || expires === false) return null;
  return expires instanceof Date ? expires.getTime() - Date.now() : Number.NaN;
}
