import type { IncomingMessage } from "node:http";
import type { SessionData } from "../session/data.ts";
import { INHERITED } from "../session/dictionary.ts";
import { describe } from "../session/functions.ts";
import { cookieOf, type CookieView } from "./kit/cookie-view.ts";
import { serveConnect, type SessionMiddleware } from "./kit/middleware.ts";
import { methodExposer, saveLater, startAnew } from "./kit/session-methods.ts";
import { heldBy } from "./kit/expose.ts";
import type { NodeSession } from "./kit/node-session.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";

export type { CookieView, SessionMiddleware };

type Callback = (error?: unknown) => void;

declare global {
  namespace Express {
    interface RequestSession {
      readonly id: string;
      /**
       * The lifetime of the session's cookie. The other attributes of the cookie are options of
       * `session()`, the same for all sessions.
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
      /** Does nothing: Galleta saves the session when the response begins. */
      save(done?: Callback): this;
      /** Does nothing: other requests cannot change the data that this request has read. */
      reload(done?: Callback): this;
      /**
       * Does nothing: Galleta prolongs a session that is in use, unless the option `rolling` is
       * false.
       */
      touch(): this;
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
 * @param given options of `@galleta/session`, sessions shared with a WebSocket server, or a
 *   function that returns either at the first request
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

/**
 * The accessor of `req.sessionID`, which all requests share. A new accessor for each request would
 * slow down every use of the request.
 */
const SESSION_ID: PropertyDescriptor & ThisType<object> = {
  get() {
    return describe(heldBy(this)!.session).id;
  },
  configurable: true,
  enumerable: true,
};

const METHODS: object = Object.create(null, {
  ...INHERITED,
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
}) as object;

const exposeWithMethods = methodExposer(METHODS);

function expose<Data>(req: IncomingMessage, held: NodeSession<Data>): void {
  exposeWithMethods(req, held);
  if (held.sessions.property === "session") Object.defineProperty(req, "sessionID", SESSION_ID);
}
