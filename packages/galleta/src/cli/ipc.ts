/**
 * Messages between `galleta serve` and the processes that it starts. The field `galleta`
 * distinguishes them from the app's own messages.
 */
export type ToParent =
  /** Sent when the server of the child process listens; `url` is the address of the server. */
  | { readonly galleta: "ready"; readonly url: string }
  /**
   * Sent when the child process could not start, or its shutdown failed; `line` contains the error.
   */
  | { readonly galleta: "failed"; readonly line: string };

/**
 * Asks a child process to stop. The child then closes its sockets and finishes requests in flight.
 */
export interface ToChild {
  readonly galleta: "stop";
}

/**
 * A message from one worker process to all others. The process that started the workers checks the
 * form of the message and passes it on. The payload is any value that structured clone accepts.
 */
export interface BackplaneMessage {
  readonly galleta: "backplane";
  readonly channel: string;
  readonly payload: unknown;
}

/**
 * True if a message between processes is from Galleta and has this value in its field `galleta`.
 */
export function isMessage<Kind extends string>(
  message: unknown,
  kind: Kind,
): message is Extract<ToParent | ToChild | BackplaneMessage, { readonly galleta: Kind }> {
  return (message as { galleta?: unknown } | null | undefined)?.galleta === kind;
}

/** True if a worker process sent this message for the other worker processes. */
export function isBackplaneMessage(message: unknown): message is BackplaneMessage {
  return isMessage(message, "backplane") && typeof message.channel === "string";
}

/** The name of the environment variable that contains the process id of `galleta serve --watch`. */
export const WATCHER = "GALLETA_WATCHER";

/** True in a process that Node's watch mode restarts after each change. */
export function isWatched(): boolean {
  return process.env[WATCHER] !== undefined && process.send !== undefined;
}
