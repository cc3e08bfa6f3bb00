import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import {
  appProtocols,
  CONTROL,
  escapeMessage,
  negotiate,
  readFrame,
  type LiveHandle,
} from "../../../live/socket.ts";

type Send = (data: unknown, ...rest: unknown[]) => void;

/** The methods of a ws socket that send and receive messages. */
export interface FrameSocket {
  send: Send;
  emit(event: string | symbol, ...args: never[]): boolean;
}

/** The option of a ws WebSocketServer that chooses a subprotocol. */
export interface ProtocolOptions {
  handleProtocols?: ((offered: Set<string>, req: IncomingMessage) => string | false) | undefined;
}

const live = new WeakSet<object>();
const wrapped = new WeakSet<object>();

/**
 * Makes a ws server accept the subprotocol of `@galleta/session/client`, joined with the
 * subprotocol that the app chooses: `galleta.v1+chat`.
 */
export function speakLive(options: ProtocolOptions): void {
  if (wrapped.has(options)) return;
  wrapped.add(options);
  const { handleProtocols } = options;
  options.handleProtocols = (all, req) => {
    const offered = [...all];
    const own = appProtocols(offered);
    // The package ws takes the first one if the app does not choose.
    const chosen = handleProtocols?.(new Set(own), req) ?? own[0];
    const { protocol, isLive } = negotiate(offered, chosen === false ? undefined : chosen);
    if (isLive) live.add(req);
    return protocol ?? false;
  };
}

/** True if the page of a handshake uses `@galleta/session/client`. */
export function isLivePage(req: IncomingMessage): boolean {
  return live.has(req);
}

/**
 * Passes messages of Galleta's own client to the sessions, and hides them from the app.
 *
 * @param ws a socket of the package ws
 * @param handles receive these messages: one handle for each session of the socket; more may be
 *   added later
 * @returns a function that sends a message of Galleta to the client
 */
export function separateFrames(
  ws: FrameSocket,
  handles: readonly LiveHandle[],
): (frame: string) => void {
  const { send, emit } = ws;
  ws.send = (data, ...rest) =>
    send.call(ws, typeof data === "string" ? escapeMessage(data) : data, ...rest);
  ws.emit = (event, ...args) => {
    const text = event === "message" ? markedText(args) : undefined;
    if (text === undefined) return emit.call(ws, event, ...args);
    const frame = readFrame(text);
    if ("message" in frame) {
      const isOld = typeof args[0] === "string";
      const own = isOld ? [frame.message] : [Buffer.from(frame.message), false];
      return emit.call(ws, event, ...(own as never[]));
    }
    // A page answers the ticket of one session. All sessions get the answer, and only the one that
    // made the ticket accepts it.
    for (const handle of handles) handle.receive(frame.control);
    return true;
  };
  return (frame) => send.call(ws, frame);
}

/**
 * Returns the text of a message that begins like one of Galleta's own; `undefined` for others.
 * Version 7 of ws, which express-ws uses, passes texts as strings; ws 8 passes bytes with a flag
 * that they are not binary.
 */
function markedText([data, isBinary]: readonly unknown[]): string | undefined {
  if (typeof data === "string") return data.startsWith(CONTROL) ? data : undefined;
  const isText = isBinary === false && Buffer.isBuffer(data) && data[0] === 0;
  return isText ? data.toString() : undefined;
}
