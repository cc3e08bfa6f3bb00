/**
 * Messages between `galleta serve` and the processes that it starts. Every message has the field
 * `galleta`, which tells it from the app's own.
 */
export type ToParent =
  /** The server listens. */
  | { readonly galleta: "ready"; readonly url: string }
  /** The child could not start, or its shutdown failed; `line` says why. */
  | { readonly galleta: "failed"; readonly line: string };

/** Asks a child to stop: it closes sockets and finishes requests in flight. */
export interface ToChild {
  readonly galleta: "stop";
}

/**
 * A message from one worker to all others. The primary passes it on and checks only its form. The
 * payload is anything that structured clone accepts.
 */
export interface BackplaneMessage {
  readonly galleta: "backplane";
  readonly channel: string;
  readonly payload: unknown;
}

/** True if a message is Galleta's, of this kind. */
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

/** The variable that names the command which runs Node's watch mode around a process. */
export const WATCHER = "GALLETA_WATCHER";

/** True in the process that Node's watch mode starts again and again. */
export function isWatched(): boolean {
  return process.env[WATCHER] !== undefined && process.send !== undefined;
}
