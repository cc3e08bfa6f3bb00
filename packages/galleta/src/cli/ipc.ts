/**
 * What travels between `galleta serve` and the processes that it starts. Every message has the
 * field `galleta`, so that it is not taken for one of the app's own.
 */
export type ToParent =
  /** The server listens. */
  | { readonly galleta: "ready"; readonly url: string }
  /** Under --watch: the app imports this file. */
  | { readonly galleta: "imports"; readonly file: string }
  /** It could not start, or its shutdown failed; `line` says why. */
  | { readonly galleta: "failed"; readonly line: string };

/** Ask a child to stop: sockets are closed, requests in flight are finished. */
export interface ToChild {
  readonly galleta: "stop";
}

/**
 * Something that one worker tells all others. The first process passes it on and looks at nothing
 * but its form; the payload is whatever structured clone carries.
 */
export interface BackplaneMessage {
  readonly galleta: "backplane";
  readonly channel: string;
  readonly payload: unknown;
}

/** Whether a message that arrived is one of Galleta's, and of which kind. */
export function isMessage<Kind extends string>(
  message: unknown,
  kind: Kind,
): message is Extract<ToParent | ToChild | BackplaneMessage, { readonly galleta: Kind }> {
  return (message as { galleta?: unknown } | null | undefined)?.galleta === kind;
}

/** Whether a message is for the other workers. */
export function isBackplaneMessage(message: unknown): message is BackplaneMessage {
  return isMessage(message, "backplane") && typeof message.channel === "string";
}
