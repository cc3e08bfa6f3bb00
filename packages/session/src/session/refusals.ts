import { SessionError } from "../errors.ts";

/** The response has begun. */
export function refuseCommitted(): never {
  throw new SessionError(
    "ERR_SESSION_COMMITTED",
    "The response headers have been sent, so this change of the session would be lost. Change it before the response begins.",
  );
}

/** The socket is open. */
export function refuseHandshakeSent(): never {
  throw new SessionError(
    "ERR_SESSION_HANDSHAKE_SENT",
    "The handshake has been answered, so a cookie can no longer be set. Use `await update(session, draft => { ... })`, or change the session before accepting.",
  );
}

/** The socket is open, and no session belongs to it. */
export function refuseWithoutSession(): never {
  throw new SessionError(
    "ERR_SESSION_HANDSHAKE_SENT",
    "This socket was opened without a session, and a cookie can no longer be set. Change the session before accepting, or in a request before.",
  );
}

/** The session of a socket has ended. */
export function refuseEnded(): never {
  throw new SessionError(
    "ERR_SESSION_ENDED",
    "The session has ended: by a logout, a revocation or its time. It can no longer be changed.",
  );
}
