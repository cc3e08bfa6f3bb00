import { SessionError, type SessionErrorCode } from "../errors.ts";
import type { Fail } from "./dictionary.ts";

const throwing =
  (code: SessionErrorCode, message: string): Fail =>
  () => {
    throw new SessionError(code, message);
  };

/** The response has begun. */
export const throwCommitted: Fail = throwing(
  "ERR_SESSION_COMMITTED",
  "The response headers have been sent: change the session earlier.",
);

/** The response has begun, and its stream is tied to the session. */
export const throwStreamBegun: Fail = throwing(
  "ERR_SESSION_COMMITTED",
  "The response headers have been sent: use `await update(session, draft => { ... })`, or change the session before the stream begins.",
);

/** The socket is open. */
export const throwHandshakeSent: Fail = throwing(
  "ERR_SESSION_HANDSHAKE_SENT",
  "The handshake has been answered: use `await update(session, draft => { ... })`, or change the session before accepting.",
);

/** The handshake was answered, and the socket is not tied to its session. */
export const throwUnattached: Fail = throwing(
  "ERR_SESSION_HANDSHAKE_SENT",
  "This socket is not tied to its session, so neither a write nor `update` reaches it: serve the socket with an adapter for sockets (docs/adapters.md), or change the session before the handshake or in an HTTP request.",
);

/** The socket is open, and no session belongs to it. */
export const throwWithoutSession: Fail = throwing(
  "ERR_SESSION_HANDSHAKE_SENT",
  "This socket was opened without a session: begin one before accepting.",
);

/** The session of a socket has ended. */
export const throwEnded: Fail = throwing(
  "ERR_SESSION_ENDED",
  "The session has ended and can no longer be changed.",
);

/** `regenerate` or `destroy` of express-session put another object in its place. */
export const throwReplaced: Fail = throwing(
  "ERR_SESSION_ENDED",
  "This object holds the session from before regenerate() or destroy(). Write to req.session, which is the new one.",
);
