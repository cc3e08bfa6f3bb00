import type { Backplane } from "./backplane.ts";

/** A session that another library manages, such as better-auth. */
export interface ForeignSession {
  /** The session's id, or another unique name. The id never leaves this process. */
  readonly id: string;
  /** The id of the session's user, so that `endUser` can close the socket. */
  readonly user?: string | number | undefined;
  /** When the session expires. Default: the session is valid until `end` is called. */
  readonly expiresAt?: Date | null | undefined;
  /**
   * When the session began. If this is set, `endUser` also closes sockets that are attached in the
   * minute after the call, if their session is older than the call.
   */
  readonly createdAt?: Date | undefined;
}

/**
 * The result of `attachSocket`, for changing the session's expiry and for reporting that the socket
 * closed.
 */
export interface ForeignHandle {
  /**
   * Sets a new expiry for the socket's session; null for a session that does not expire. Call this
   * after the other library prolonged the session.
   */
  prolong(expiresAt: Date | null): void;
  /** Call this when the socket is closed. */
  detach(): void;
}

/** The settings of `liveSockets`. */
export interface LiveSocketsSettings {
  /**
   * Tells other processes which sessions ended, for example `redisBackplane(client)`. Default:
   * none, for a single process.
   */
  readonly backplane?: Backplane | undefined;
  /**
   * Your function that returns those of the given session ids that still exist. Galleta passes the
   * ids of all sessions with sockets in this process, and closes the sockets of the missing ones.
   * It does so when messages from other processes may have been lost, such as after a reconnect.
   */
  readonly check?: ((ids: readonly string[]) => Promise<Iterable<string>>) | undefined;
  /** Called when the backplane or `check` fails. Default: a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
}
