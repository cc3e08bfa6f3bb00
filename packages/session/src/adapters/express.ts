import type { SessionData } from "../session/data.ts";
import { serveConnect, type SessionMiddleware } from "./kit/middleware.ts";
import { toSessions, type SessionsOrOptions } from "./kit/given.ts";

export type { SessionMiddleware };

/**
 * Sessions for Express 4 and 5: `req.session`, and the check against cross-site requests.
 * Put it before everything that uses the session, behind nothing that answers. In the `upgrade`
 * event of a server, called with `{}` as the response, it gives a session to read.
 *
 * @param given options, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 * `ERR_SESSION_SETUP` where another session middleware stands before it
 * @example
 * ```ts
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.get("/", (req, res) => res.json({ views: (req.session.views = (req.session.views ?? 0) + 1) }));
 * ```
 */
export function session<Data = SessionData>(given: SessionsOrOptions<Data>): SessionMiddleware {
  const sessions = toSessions(given);
  return (req, res, next) => serveConnect(sessions, req, res, next);
}
