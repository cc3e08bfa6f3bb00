import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionData, SessionOf } from "../session/data.ts";
import { defineSession, NodeSession, sendReply } from "./shared/node.ts";
import type { Reply } from "./shared/reply.ts";
import { refuseSecond, toSessions, type SessionsOrOptions } from "./shared/sessions.ts";

declare global {
  // The namespace that Express's types are extended by; without them it means nothing.
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Request {
      get session(): SessionOf<SessionData>;
      /** An object replaces the data, null ends the session. */
      set session(value: SessionOf<SessionData> | null);
    }
  }
}

/** A middleware of Express, Connect and whatever else calls `(req, res, next)`. */
export type SessionMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Sessions for Express 4 and 5: `req.session`, and the check against cross-site requests.
 * Put it before everything that uses the session, behind nothing that answers.
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
  return (req, res, next) => {
    const before = req as { session?: unknown; body?: unknown };
    const held = new NodeSession(sessions, req, res, next);
    if (before.session !== undefined) throw refuseSecond("req.session");
    defineSession(req, held);
    const goOn = (reply: Reply | undefined) =>
      reply === undefined ? next() : sendReply(res, reply);
    const outcome = held.begin(before.body);
    if (outcome instanceof Promise) outcome.then(goOn, next);
    else goOn(outcome);
  };
}
