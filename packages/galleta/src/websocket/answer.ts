import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket as NetSocket } from "node:net";
import type { Duplex } from "node:stream";
import type { HTTPError } from "../http-error.ts";

/**
 * A response for a request that came as an upgrade and is not upgraded: Node leaves such a
 * connection to its listener, without a response. It is closed after the response.
 */
export function responseFor(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  // Node's servers pass net and TLS sockets; its types allow for more.
  res.assignSocket(socket as NetSocket);
  res.once("finish", () => {
    res.detachSocket(socket as NetSocket);
    socket.end(() => socket.destroy());
  });
  return res;
}

/** Answers a handshake with an error status (RFC 6455 §4.2.2) and its JSON. */
export function refuse(
  req: IncomingMessage,
  socket: Duplex,
  error: HTTPError,
  setCookie: readonly string[] = [],
): void {
  if (socket.destroyed) return;
  const body = Buffer.from(JSON.stringify(error));
  const res = responseFor(req, socket);
  for (const [name, value] of error.headers ?? []) res.appendHeader(name, value);
  for (const cookie of setCookie) res.appendHeader("set-cookie", cookie);
  res.setHeader("cache-control", "no-store");
  res.setHeader("content-type", "application/json");
  res.setHeader("content-length", body.length);
  res.writeHead(error.status);
  res.end(body);
}
