/**
 * Messages between `galleta serve` and the processes that it starts. The field `galleta`
 * distinguishes them from the app's own messages.
 */
export type ToParent =
  /** The server listens. */
  | { readonly galleta: "ready"; readonly url: string }
  /** The child could not start, or its shutdown failed; `line` contains the error. */
  | { readonly galleta: "failed"; readonly line: string };

/** Asks a child to stop: it closes sockets and finishes requests in flight. */
export interface ToChild {
  readonly galleta: "stop";
}

/**
 * A message from one worker to all others. The primary checks its form and passes it on. The
 * payload is any value that structured clone accepts.
 */
export interface BackplaneMessage {
  readonly galleta: "backplane";
  readonly channel: string;
  readonly payload: unknown;
}

/** True if a message is one of Galleta's, of this kind. */
export function isMessage<Kind extends string>(
  message: unknown,
  kind: Kind,
): message is Extract<ToParent | ToChild | BackplaneMessage, { readonly galleta: Kind }> {
  return (message as { galleta?: unknown } | null | undefined)?.galleta === kind;
}

/** True if a message is for the other workers. */
export function isBackplaneMessage(message: unknown): message is BackplaneMessage {
  return isMessage(message, "backplane") && typeof message.channel === "string";
}

/** The environment variable with the process id of the command that started Node's watch mode. */
export const WATCHER = "GALLETA_WATCHER";

/** True in a process that Node's watch mode restarts after each change. */
export function isWatched(): boolean {
  return process.env[WATCHER] !== undefined && process.send !== undefined;
}
