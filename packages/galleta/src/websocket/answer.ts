import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket as NetSocket } from "node:net";
import type { Duplex } from "node:stream";
import type { HTTPError } from "../http-error.ts";

/**
 * Makes a response for a request with an Upgrade header that is not upgraded. For such a request,
 * Node passes its listener the socket but no response. The connection is closed after the response.
 */
export function responseFor(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  // Node's servers pass net and TLS sockets; the type allows others.
  res.assignSocket(socket as NetSocket);
  res.once("finish", () => {
    res.detachSocket(socket as NetSocket);
    socket.end(() => socket.destroy());
  });
  return res;
}

/** Denies a WebSocket handshake with the status and the JSON body of an error (RFC 6455 §4.2.2). */
export function denyUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  error: HTTPError,
  setCookie: readonly string[] = [],
): void {
  const headers = new Headers(error.headers);
  for (const cookie of setCookie) headers.append("set-cookie", cookie);
  headers.set("content-type", "application/json");
  write(req, socket, error.status, headers, Buffer.from(JSON.stringify(error)));
}

/** Denies a WebSocket handshake with the response that a middleware made. */
export async function denyUpgradeWith(
  req: IncomingMessage,
  socket: Duplex,
  response: Response,
  setCookie: readonly string[] = [],
): Promise<void> {
  const headers = new Headers(response.headers);
  for (const cookie of setCookie) headers.append("set-cookie", cookie);
  write(req, socket, response.status, headers, Buffer.from(await response.arrayBuffer()));
}

function write(
  req: IncomingMessage,
  socket: Duplex,
  status: number,
  headers: Headers,
  body: Buffer,
): void {
  if (socket.destroyed) return;
  const res = responseFor(req, socket);
  for (const [name, value] of headers) res.appendHeader(name, value);
  res.setHeader("cache-control", "no-store");
  res.setHeader("content-length", body.length);
  res.writeHead(status);
  res.end(body);
}
