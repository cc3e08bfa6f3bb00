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

/** The used part of a socket of any runtime. */
export interface PlainSocket {
  /** The subprotocol of the handshake's answer. */
  readonly protocol?: string | null | undefined;
  close(code: number, reason: string): void;
  send(data: string): unknown;
}

/** A socket tied to its sessions, for hosts that pass messages to functions. */
export class TiedSocket {
  readonly #isPage: boolean;
  readonly #handles: readonly (LiveHandle | undefined)[];
  readonly #stop: () => void;

  /**
   * @param socket the host's socket, which sends without {@link TiedSocket.escape}
   */
  constructor(contexts: readonly SessionContext<never>[], socket: PlainSocket) {
    this.#isPage = isLiveProtocol(socket.protocol);
    const { close, stop } = inOwnRequest(contexts, (code, reason) => socket.close(code, reason));
    this.#stop = stop;
    const control = this.#isPage ? (frame: string) => void socket.send(frame) : undefined;
    this.#handles = contexts.map((context) => attachSocket(context, { close, control }));
  }

  /** Returns the app's part of a message; undefined for a control frame. */
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
    // A ticket has a name, by which the session that made it knows the answer.
    for (const handle of this.#handles) handle?.receive(frame.control);
    return undefined;
  }

  /** Called for each message of the app that {@link TiedSocket.read} does not see. */
  active(): void {
    for (const handle of this.#handles) handle?.active();
  }

  /** Escapes a message of the app for sending. */
  escape<Message>(data: Message): Message | string {
    return this.#isPage && typeof data === "string" ? escapeMessage(data) : data;
  }

  detach(): void {
    this.#stop();
    for (const handle of this.#handles) handle?.detach();
  }
}

/** Milliseconds between checks whether a worker's socket must be closed. */
const TURN = 500;

/**
 * Runs a socket's tasks in its own request. Cloudflare's workers allow I/O only to the request that
 * opened it, and timers are I/O. So each socket has a timer, which reads what other requests left
 * for it and checks its expiry.
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
