import type { SessionData } from "../session/data.ts";
import { INHERITED } from "../session/dictionary.ts";
import { methodExposer, saveLater, startAnew } from "./kit/session-methods.ts";
import { serveConnect, type SessionMiddleware } from "./kit/middleware.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";

export type { SessionMiddleware };

/**
 * Sessions for Express 4 and 5: `req.session`, with the cross-site check. Register this middleware
 * before all code that uses the session or sends a response. In the `upgrade` event of a server,
 * call the middleware with `{}` as the response; the session is then read-only.
 *
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.get("/", (req, res) => res.json({ views: (req.session.views = (req.session.views ?? 0) + 1) }));
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>): SessionMiddleware {
  const sessions = lazySessions(given);
  return (req, res, next) => serveConnect(sessions(), req, res, next, exposeToPassport);
}

/** The methods that Passport calls on a session when a user logs in or out. */
const PASSPORT: object = Object.create(null, {
  ...INHERITED,
  regenerate: { value: startAnew },
  save: { value: saveLater },
}) as object;

/**
 * Adds the methods that Passport calls to the session, if Passport runs on the request. The
 * property `req._sessionManager` exists only then.
 */
const exposeToPassport = methodExposer(PASSPORT, (req) => "_sessionManager" in req);
