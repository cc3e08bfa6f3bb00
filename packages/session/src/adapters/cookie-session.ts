import type { IncomingMessage } from "node:http";
import { contextOf } from "../session/context.ts";
import type { SessionData } from "../session/data.ts";
import { INHERITED } from "../session/dictionary.ts";
import { describe } from "../session/functions.ts";
import { methodExposer, saveLater, startAnew } from "./kit/session-methods.ts";
import { heldBy } from "./kit/expose.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";
import { attributeError, setMilliseconds } from "./kit/lifetime-spellings.ts";
import { serveConnect, type SessionMiddleware } from "./kit/middleware.ts";
import type { NodeSession } from "./kit/node-session.ts";

export type { SessionMiddleware };

/** The type of `req.sessionOptions`, which sets the lifetime of the request's session. */
export interface OptionsOfSession {
  /**
   * The session's lifetime in milliseconds; undefined keeps the session until the browser closes.
   */
  maxAge?: number | undefined;
}

declare global {
  namespace Express {
    interface RequestSession {
      /** True if the session is new, or if the request changed the session. */
      readonly isChanged: boolean;
      /** True if the request came without a session. */
      readonly isNew: boolean;
      /** True if the session has any data. */
      readonly isPopulated: boolean;
    }

    interface Request {
      /**
       * The lifetime of the request's session: only the option `maxAge` can be set.
       *
       * @throws SessionError `ERR_SESSION_OPTION` if any option except `maxAge` is set
       */
      sessionOptions: OptionsOfSession;
    }
  }
}

/**
 * Sessions for apps written for the package cookie-session. This is `@galleta/session/express` with
 * `isChanged`, `isNew`, `isPopulated` and `req.sessionOptions.maxAge`, plus `regenerate` and
 * `save`, which Passport calls and cookie-session lacks.
 *
 * @param given options of `@galleta/session`, or sessions shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * import session from "@galleta/session/cookie-session";
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * ```
 */
export default function session<Data = SessionData>(given: LazySessions<Data>): SessionMiddleware {
  const sessions = lazySessions(given);
  return (req, res, next) => serveConnect(sessions(), req, res, next, expose);
}

const METHODS: object = Object.create(null, {
  ...INHERITED,
  isChanged: {
    get(this: object) {
      const context = contextOf(this);
      return context.state.loaded.isNew || context.isChanged;
    },
  },
  isNew: {
    get(this: object) {
      return describe(this).isNew;
    },
  },
  isPopulated: {
    get(this: object) {
      return Object.keys(this).length > 0;
    },
  },
  regenerate: { value: startAnew },
  save: { value: saveLater },
}) as object;

const exposeWithMethods = methodExposer(METHODS);

/**
 * The accessor of `req.sessionOptions`, which all requests share. A new accessor for each request
 * would slow down every use of the request.
 */
const SESSION_OPTIONS: PropertyDescriptor & ThisType<object> = {
  get() {
    return optionsOf(() => heldBy(this)!.session);
  },
  configurable: true,
  enumerable: true,
};

function expose<Data>(req: IncomingMessage, held: NodeSession<Data>): void {
  exposeWithMethods(req, held);
  if (held.sessions.property !== "session") return;
  Object.defineProperty(req, "sessionOptions", SESSION_OPTIONS);
}

function optionsOf(session: () => object): OptionsOfSession {
  return new Proxy({} as OptionsOfSession, {
    get(_target, name) {
      if (name !== "maxAge") return undefined;
      const { maxAge } = describe(session());
      return maxAge === null ? undefined : maxAge * 1000;
    },
    set(_target, name, value: unknown) {
      if (name !== "maxAge") throw attributeError(String(name));
      setMilliseconds(session(), value);
      return true;
    },
  });
}
