import { SessionError, type SessionErrorCode } from "../errors.ts";
import type { Fail } from "./dictionary.ts";

const throwing =
  (code: SessionErrorCode, message: string): Fail =>
  () => {
    throw new SessionError(code, message);
  };

/** Throws for a write to a session after the response has begun. */
export const throwCommitted: Fail = throwing(
  "ERR_SESSION_COMMITTED",
  "The response headers have been sent: change the session earlier.",
);

/**
 * Throws for a write to the session of a streamed response. The message recommends `update`, which
 * works during the stream.
 */
export const throwStreamBegun: Fail = throwing(
  "ERR_SESSION_COMMITTED",
  "The response headers have been sent: use `await update(session, draft => { ... })`, or change the session before the stream begins.",
);

/** Throws for a write to the session of an open WebSocket. The message recommends `update`. */
export const throwHandshakeSent: Fail = throwing(
  "ERR_SESSION_HANDSHAKE_SENT",
  "The handshake has been answered: use `await update(session, draft => { ... })`, or change the session before accepting.",
);

/**
 * Throws for a write to the session after a WebSocket handshake, if even `update` cannot change the
 * session. This is the case if no adapter for sockets serves the socket.
 */
export const throwUnattached: Fail = throwing(
  "ERR_SESSION_HANDSHAKE_SENT",
  "This socket is not tied to its session, so neither a write nor `update` can change the session. Serve the socket with an adapter for sockets, or change the session before the handshake or in an HTTP request.",
);

/** Throws for a write to the session of an open WebSocket that was opened without one. */
export const throwWithoutSession: Fail = throwing(
  "ERR_SESSION_HANDSHAKE_SENT",
  "This socket was opened without a session. To begin one, write to the session before the handshake is accepted.",
);

/** Throws for a write to a session that has ended. */
export const throwEnded: Fail = throwing(
  "ERR_SESSION_ENDED",
  "The session has ended and can no longer be changed.",
);

/** Throws for a write to the object that express-session's `regenerate` or `destroy` replaced. */
export const throwReplaced: Fail = throwing(
  "ERR_SESSION_ENDED",
  "This object holds the session from before regenerate() or destroy(). Write to req.session, which is the new one.",
);
