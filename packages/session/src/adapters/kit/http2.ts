import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type {
  Http2ServerRequest,
  Http2ServerResponse,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Stream,
} from "node:http2";
import type { Duplex } from "node:stream";

/** A listener for the `upgrade` event of a server of HTTP/1.1. */
export type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

/** A listener for the `connect` event of a server of `node:http2`. */
export type ConnectListener = (req: Http2ServerRequest, res: Http2ServerResponse) => void;

/** Headers that mean something on a connection of HTTP/1.1 alone (RFC 9113 §8.2.2, RFC 8441 §5). */
const OF_HTTP1: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "sec-websocket-accept",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Takes WebSockets over HTTP/2 (RFC 8441) with a listener for upgrades of HTTP/1.1: that of an
 * adapter for sockets, say. The server needs `settings: { enableConnectProtocol: true }`.
 *
 * The listener is given the request as HTTP/1.1 would have it, and a socket whose first lines, the
 * status and the headers, become the headers of the stream. A CONNECT for something else than a
 * WebSocket is answered 501.
 *
 * @param listen what listens to `upgrade`
 * @returns a listener for the event `connect` of `http2.createServer()` and `createSecureServer()`
 * @example
 * ```ts
 * server.on("upgrade", onUpgrade);
 * http2Server.on("connect", overHttp2(onUpgrade));
 * ```
 */
export function overHttp2(listen: UpgradeListener): ConnectListener {
  return ({ headers, rawHeaders, stream }) => {
    // Without a listener an error would end the process.
    stream.on("error", () => {});
    if (headers[":protocol"] !== "websocket") {
      stream.respond({ ":status": 501 }, { endStream: true });
      return;
    }
    const socket = answerByHead(stream as ServerHttp2Stream);
    listen(requestOf(headers, rawHeaders, socket), socket, Buffer.alloc(0));
  };
}

/** The request as HTTP/1.1 would have it. */
function requestOf(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  socket: Duplex,
): IncomingMessage {
  const added = {
    connection: "Upgrade",
    upgrade: "websocket",
    // HTTP/2 has no need of it: what the server makes of it is not sent.
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  const request = {
    method: "GET",
    url: headers[":path"] ?? "/",
    httpVersion: "2.0",
    httpVersionMajor: 2,
    httpVersionMinor: 0,
    headers: { host: headers[":authority"], ...headers, ...added },
    rawHeaders: [...rawHeaders, ...Object.entries(added).flat()],
    socket,
  };
  return request as unknown as IncomingMessage;
}

/** Makes the first thing that is written, the head of an answer in HTTP/1.1, the stream's headers. */
function answerByHead(stream: ServerHttp2Stream): Duplex {
  const { write, end } = stream;
  /** @returns the arguments of the call, with what follows the head alone */
  const begin = ([chunk, ...rest]: unknown[]): never => {
    Object.assign(stream, { write, end });
    if (!Buffer.isBuffer(chunk) && typeof chunk !== "string") {
      // Ended without an answer; Node would make that a 200.
      stream.respond({ ":status": 500 });
      return [chunk, ...rest] as never;
    }
    const text = Buffer.from(chunk as string, "latin1");
    const length = text.indexOf("\r\n\r\n");
    const headLength = length < 0 ? text.length : length;
    stream.respond(headersOfHead(text.toString("latin1", 0, headLength)));
    return [text.subarray(headLength + 4), ...rest] as never;
  };
  const socket = stream.session?.socket as { encrypted?: boolean; remoteAddress?: string };
  return Object.assign(stream, {
    encrypted: socket?.encrypted === true,
    remoteAddress: socket?.remoteAddress,
    write: (...args: unknown[]) => write.apply(stream, begin(args)),
    end: (...args: unknown[]) => end.apply(stream, begin(args)),
  });
}

/** @param head the status line and the header lines of an answer in HTTP/1.1 */
function headersOfHead(head: string): OutgoingHttpHeaders {
  const [first = "", ...lines] = head.split("\r\n");
  const status = Number(first.split(" ")[1]);
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const at = line.indexOf(":");
    const name = line.slice(0, at).toLowerCase();
    if (!OF_HTTP1.has(name)) (headers[name] ??= []).push(line.slice(at + 1).trim());
  }
  const single = Object.entries(headers).map(([name, values]) => [
    name,
    values.length === 1 ? values[0] : values,
  ]);
  // What HTTP/1.1 calls 101 is any success here.
  return { ...Object.fromEntries(single), ":status": status === 101 ? 200 : status };
}
