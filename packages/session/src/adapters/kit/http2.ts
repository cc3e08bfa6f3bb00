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

/** A listener for the `upgrade` event of an HTTP/1.1 server. */
export type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

/** A listener for the `connect` event of a `node:http2` server. */
export type ConnectListener = (req: Http2ServerRequest, res: Http2ServerResponse) => void;

/** Headers that exist only on HTTP/1.1 connections (RFC 9113 §8.2.2, RFC 8441 §5). */
const OF_HTTP1: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "sec-websocket-accept",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Serves WebSockets over HTTP/2 (RFC 8441) with a listener for HTTP/1.1 upgrades, such as the one
 * of a socket adapter. The server needs `settings: { enableConnectProtocol: true }`.
 *
 * The listener gets the handshake as an HTTP/1.1 request, and a socket. The status line and headers
 * that the listener writes become the headers of the HTTP/2 stream. A CONNECT for anything but a
 * WebSocket is answered with 501.
 *
 * @param listen the listener for `upgrade`
 * @returns a listener for the event `connect` of `http2.createServer()` and `createSecureServer()`
 * @example
 * ```ts
 * server.on("upgrade", onUpgrade);
 * http2Server.on("connect", overHttp2(onUpgrade));
 * ```
 */
export function overHttp2(listen: UpgradeListener): ConnectListener {
  return ({ headers, rawHeaders, stream }) => {
    // Without a listener, an error on the stream would end the process.
    stream.on("error", () => {});
    if (headers[":protocol"] !== "websocket") {
      stream.respond({ ":status": 501 }, { endStream: true });
      return;
    }
    const socket = answerByHead(stream as ServerHttp2Stream);
    listen(requestOf(headers, rawHeaders, socket), socket, Buffer.alloc(0));
  };
}

/** Converts a WebSocket handshake over HTTP/2 to an HTTP/1.1 request. */
function requestOf(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  socket: Duplex,
): IncomingMessage {
  const added = {
    connection: "Upgrade",
    upgrade: "websocket",
    // HTTP/2 needs no key: the `Sec-WebSocket-Accept` made from it is not sent.
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

/**
 * Lets a listener answer on an HTTP/2 stream as on an HTTP/1.1 socket. The first write, an HTTP/1.1
 * response head, is sent as the stream's headers.
 */
function answerByHead(stream: ServerHttp2Stream): Duplex {
  const { write, end } = stream;
  /**
   * Sends the response head that the listener's first write contains.
   *
   * @returns the arguments of that write without the head; what is left is sent as data
   */
  const begin = ([chunk, ...rest]: unknown[]): never => {
    Object.assign(stream, { write, end });
    if (!Buffer.isBuffer(chunk) && typeof chunk !== "string") {
      // The stream ended without an answer. Node would send 200.
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

/**
 * Converts the head of an HTTP/1.1 response to the headers of an HTTP/2 response.
 *
 * @param head the status line and header lines of an HTTP/1.1 response
 */
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
  // HTTP/2 accepts a WebSocket with 200 where HTTP/1.1 uses 101 (RFC 8441 §5).
  return { ...Object.fromEntries(single), ":status": status === 101 ? 200 : status };
}
