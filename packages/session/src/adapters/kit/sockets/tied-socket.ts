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

/** What is used of a socket of any runtime. */
export interface PlainSocket {
  /** The subprotocol that the handshake was answered with. */
  readonly protocol?: string | null | undefined;
  close(code: number, reason: string): void;
  send(data: string): unknown;
}

/** A socket that is tied to its session, for hosts that hand messages to functions. */
export class TiedSocket {
  readonly #isPage: boolean;
  readonly #handle: LiveHandle | undefined;
  readonly #stop: () => void;

  /** @param socket as it sends before {@link TiedSocket.escape} */
  constructor(context: SessionContext<never>, socket: PlainSocket) {
    this.#isPage = isLiveProtocol(socket.protocol);
    const { close, stop } = inOwnRequest(context, (code, reason) => socket.close(code, reason));
    this.#stop = stop;
    const control = this.#isPage ? (frame: string) => void socket.send(frame) : undefined;
    this.#handle = attachSocket(context, { close, control });
  }

  /** What the app is given of a message; undefined where it was a control frame. */
  read(data: unknown): unknown {
    if (!this.#isPage || typeof data !== "string") return data;
    const frame = readFrame(data);
    if ("message" in frame) return frame.message;
    this.#handle?.receive(frame.control);
    return undefined;
  }

  /** A message of the app as it is sent. */
  escape<Message>(data: Message): Message | string {
    return this.#isPage && typeof data === "string" ? escapeMessage(data) : data;
  }

  detach(): void {
    this.#stop();
    this.#handle?.detach();
  }
}

/** How often a socket of a worker looks whether it is to be closed, in milliseconds. */
const TURN = 500;

/**
 * Cloudflare's workers allow I/O only to the request that opened it, and a timer is I/O too. There
 * each socket looks by a timer of its own what other requests told it, and whether it has expired.
 */
function inOwnRequest(
  context: SessionContext<never>,
  close: (code: number, reason: string) => void,
) {
  if (!("WebSocketPair" in globalThis)) return { close, stop: () => {} };
  let told: [code: number, reason: string] | undefined;
  const timer = setInterval(() => {
    if (nowSeconds() >= expiresAt(context)) told ??= [CLOSE_CODE, SESSION_EXPIRED];
    if (told === undefined) return;
    clearInterval(timer);
    close(...told);
  }, TURN);
  return {
    close: (code: number, reason: string) => void (told ??= [code, reason]),
    stop: () => clearInterval(timer),
  };
}
