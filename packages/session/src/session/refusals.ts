import { SessionError, type SessionErrorCode } from "../errors.ts";

/** Throws what is to be said to a write that comes too late. */
type Refusal = () => never;

const refusal =
  (code: SessionErrorCode, message: string): Refusal =>
  () => {
    throw new SessionError(code, message);
  };

/** The response has begun. */
export const refuseCommitted: Refusal = refusal(
  "ERR_SESSION_COMMITTED",
  "The response headers have been sent: change the session earlier.",
);

/** The socket is open. */
export const refuseHandshakeSent: Refusal = refusal(
  "ERR_SESSION_HANDSHAKE_SENT",
  "The handshake has been answered: use `await update(session, draft => { ... })`, or change the session before accepting.",
);

/** The socket is open, and no session belongs to it. */
export const refuseWithoutSession: Refusal = refusal(
  "ERR_SESSION_HANDSHAKE_SENT",
  "This socket was opened without a session: begin one before accepting.",
);

/** The session of a socket has ended. */
export const refuseEnded: Refusal = refusal(
  "ERR_SESSION_ENDED",
  "The session has ended and can no longer be changed.",
);
