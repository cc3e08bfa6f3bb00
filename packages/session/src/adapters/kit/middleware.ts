// oxlint-disable-next-line typescript/triple-slash-reference -- a script cannot be imported
/// <reference path="./express-request.d.ts" />
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Sessions } from "../../engine.ts";
import { when } from "../../maybe.ts";
import type { OtherProperties } from "../../session/data.ts";
import { throwUnattached } from "../../session/late-writes.ts";
import { exposeSession } from "./expose.ts";
import { warnOfTrustProxy } from "./express-proxy.ts";
import { asksForSocket, liveContextOf, openForHandshake } from "./handshake.ts";
import { NodeSession, sendReply } from "./node-session.ts";
import { NodeFacts } from "./node-facts.ts";
import type { Reply } from "./reply.ts";
import { secondSessionError } from "./given.ts";

declare global {
  // Express extends its types through this namespace; without Express it has no effect.
  namespace Express {
    interface Request extends OtherProperties {}
  }
}

/** A middleware of Express, Connect and other hosts that call `(req, res, next)`. */
export type SessionMiddleware = (
  req: IncomingMessage,
  res: ServerResponse | object,
  next: (error?: unknown) => void,
) => void;

/**
 * Gives one request its session, then calls `next` or answers the request.
 *
 * @param define defines the session property on the request
 * @throws SessionError `ERR_SESSION_SETUP` if the request already has a session, or was already
 *   answered
 */
export function serveConnect<Data>(
  sessions: Sessions<Data>,
  req: IncomingMessage,
  res: ServerResponse | object,
  next: (error?: unknown) => void,
  define: (req: IncomingMessage, held: NodeSession<Data>) => void = exposeSession,
): void {
  const { property } = sessions;
  const before = req as unknown as Record<string, unknown>;
  // With express-ws, the request of an open socket comes through a second time.
  if (liveContextOf(req, property) !== undefined) {
    next();
    return;
  }
  if (before[property] !== undefined) throw secondSessionError(`req.${property}`);
  warnOfTrustProxy(sessions as Sessions<never>, req);
  // In a server's `upgrade` event, `res` is not a response. The request is checked as well, because
  // a test's substitute for a response may lack `flushHeaders` too.
  if (!("flushHeaders" in res) && asksForSocket(new NodeFacts(req))) {
    const goOn = (passes: boolean) => {
      if (passes) next();
    };
    void openForHandshake(sessions, req).then(goOn);
    return;
  }
  const held = new NodeSession(sessions, req, res as ServerResponse, next);
  define(req, held);
  const goOn = (reply: Reply | undefined) => {
    // express-ws has already answered the handshake: no response can carry a change.
    if (reply === undefined && "ws" in req && held.isHandshake) {
      held.context.close(throwUnattached);
    }
    if (reply === undefined) next();
    else sendReply(res as ServerResponse, reply);
  };
  void when(held.begin(before["body"]), goOn, next);
}
