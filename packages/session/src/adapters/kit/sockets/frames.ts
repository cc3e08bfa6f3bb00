import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import {
  appProtocols,
  escapeMessage,
  negotiate,
  readFrame,
  type LiveHandle,
} from "../../../live/socket.ts";

type Send = (data: unknown, ...rest: unknown[]) => void;

/** A socket of the package ws, as far as its messages go. */
export interface FrameSocket {
  send: Send;
  emit(event: string | symbol, ...args: never[]): boolean;
}

/** The option of a WebSocketServer of the package ws that chooses a subprotocol. */
export interface ProtocolOptions {
  handleProtocols?: ((offered: Set<string>, req: IncomingMessage) => string | false) | undefined;
}

const live = new WeakSet<object>();
const wrapped = new WeakSet<object>();

/**
 * Makes a server answer pages that use `@galleta/session/client` with their subprotocol, together
 * with the one that the app chooses.
 */
export function speakLive(options: ProtocolOptions): void {
  if (wrapped.has(options)) return;
  wrapped.add(options);
  const { handleProtocols } = options;
  options.handleProtocols = (all, req) => {
    const offered = [...all];
    const own = appProtocols(offered);
    // The package ws takes the first where the app says nothing.
    const chosen = handleProtocols?.(new Set(own), req) ?? own[0];
    const { protocol, isLive } = negotiate(offered, chosen === false ? undefined : chosen);
    if (isLive) live.add(req);
    return protocol ?? false;
  };
}

/** Whether the page of a handshake uses `@galleta/session/client`. */
export function isLivePage(req: IncomingMessage): boolean {
  return live.has(req);
}

/**
 * Keeps control frames and messages of the app apart.
 *
 * @returns sends a control frame, which has its mark already
 */
export function separateFrames(
  ws: FrameSocket,
  handle: () => LiveHandle | undefined,
): (frame: string) => void {
  const { send, emit } = ws;
  ws.send = (data, ...rest) =>
    send.call(ws, typeof data === "string" ? escapeMessage(data) : data, ...rest);
  ws.emit = (event, ...args) => {
    const [data, isBinary] = args as unknown[];
    if (event !== "message" || isBinary === true || !Buffer.isBuffer(data) || data[0] !== 0) {
      return emit.call(ws, event, ...args);
    }
    const frame = readFrame(data.toString());
    if ("message" in frame) {
      return emit.call(ws, event, ...([Buffer.from(frame.message), false] as never[]));
    }
    handle()?.receive(frame.control);
    return true;
  };
  return (frame) => send.call(ws, frame);
}
