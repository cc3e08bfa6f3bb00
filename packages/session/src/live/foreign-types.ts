import type { Backplane } from "./backplane.ts";

/** A session of another library. */
export interface ForeignSession {
  /** The session's id, or another unique name. The id never leaves this process. */
  readonly id: string;
  /** The session's user, for `endUser`. */
  readonly user?: string | number | undefined;
  /** When the session expires. Default: the session is valid until `end` is called. */
  readonly expiresAt?: Date | null | undefined;
  /**
   * When the session began. With it, `endUser` also closes sockets that arrive just after the call,
   * if their session is older than the call.
   */
  readonly createdAt?: Date | undefined;
}

/** The result of `attachSocket`. */
export interface ForeignHandle {
  /** Changes when the session expires, after the other library prolonged it. */
  prolong(expiresAt: Date | null): void;
  /** Call this when the socket is closed. */
  detach(): void;
}

/** The settings of `liveSockets`. */
export interface LiveSocketsSettings {
  /** Connects the processes, such as `redisBackplane(client)`. Default: a single process. */
  readonly backplane?: Backplane | undefined;
  /**
   * Returns those of the given session ids that still exist. It gets the ids of all sessions that
   * have sockets in this process. Called when messages from other processes may have been lost,
   * such as after a reconnect.
   */
  readonly check?: ((ids: readonly string[]) => Promise<Iterable<string>>) | undefined;
  /** Called when the backplane or `check` fails. Default: a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
}
