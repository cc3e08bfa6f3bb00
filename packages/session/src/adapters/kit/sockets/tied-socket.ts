import { attachSocket } from "../../../live/live.ts";
import { expiresAt } from "../../../live/socket-session.ts";
import {
  CLOSE_CODE,
  escapeMessage,
  isLiveProtocol,
  readFrame,
  SESSION_EXPIRED,
  type LiveHandle,
} from "../../../live/socket.ts";
import type { SessionContext } from "../../../session/context.ts";
import { nowSeconds } from "../../../session/clock.ts";

/** The part of a socket that all runtimes have. */
export interface PlainSocket {
  /** The subprotocol that the server chose in the handshake. */
  readonly protocol?: string | null | undefined;
  close(code: number, reason: string): void;
  send(data: string): unknown;
}

/**
 * Ties a WebSocket to its sessions: when a session ends, the socket is closed. The adapter passes
 * each message to {@link TiedSocket.read}.
 */
export class TiedSocket {
  readonly #isPage: boolean;
  readonly #handles: readonly (LiveHandle | undefined)[];
  readonly #stop: () => void;

  /**
   * @param socket the runtime's socket; its `send` must send each text unchanged, without
   *   {@link TiedSocket.escape}
   */
  constructor(contexts: readonly SessionContext<never>[], socket: PlainSocket) {
    this.#isPage = isLiveProtocol(socket.protocol);
    const { close, stop } = inOwnRequest(contexts, (code, reason) => socket.close(code, reason));
    this.#stop = stop;
    const control = this.#isPage ? (frame: string) => void socket.send(frame) : undefined;
    this.#handles = contexts.map((context) => attachSocket(context, { close, control }));
  }

  /**
   * Returns a message for the app. A message of Galleta's own client goes to the sessions instead,
   * and `undefined` is returned.
   */
  read(data: unknown): unknown {
    if (!this.#isPage || typeof data !== "string") {
      this.active();
      return data;
    }
    const frame = readFrame(data);
    if ("message" in frame) {
      this.active();
      return frame.message;
    }
    // A page answers the ticket of one session. All sessions get the answer, and only the one that
    // made the ticket accepts it.
    for (const handle of this.#handles) handle?.receive(frame.control);
    return undefined;
  }

  /**
   * Counts a message as activity of the sessions, if it was not passed to {@link TiedSocket.read}.
   */
  active(): void {
    for (const handle of this.#handles) handle?.active();
  }

  /** Escapes a message of the app, so that the page does not take it for a message of Galleta. */
  escape<Message>(data: Message): Message | string {
    return this.#isPage && typeof data === "string" ? escapeMessage(data) : data;
  }

  detach(): void {
    this.#stop();
    for (const handle of this.#handles) handle?.detach();
  }
}

/** How often, in milliseconds, a worker checks if a socket must be closed. */
const TURN = 500;

/**
 * Makes a function that closes a socket and may be called from any request. Cloudflare Workers
 * allow I/O, timers included, only in the request that opened the socket. So there each socket has
 * its own timer, which closes the socket after another request asked for that or a session expired.
 */
function inOwnRequest(
  contexts: readonly SessionContext<never>[],
  close: (code: number, reason: string) => void,
) {
  if (!("WebSocketPair" in globalThis)) return { close, stop: () => {} };
  let closing: [code: number, reason: string] | undefined;
  const timer = setInterval(() => {
    const now = nowSeconds();
    const isOver = contexts.some((context) => now >= expiresAt(context));
    if (isOver) closing ??= [CLOSE_CODE, SESSION_EXPIRED];
    if (closing === undefined) return;
    clearInterval(timer);
    close(...closing);
  }, TURN);
  return {
    close: (code: number, reason: string) => void (closing ??= [code, reason]),
    stop: () => clearInterval(timer),
  };
}
