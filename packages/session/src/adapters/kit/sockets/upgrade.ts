import type { IncomingMessage } from "node:http";
import { SessionError } from "../../../errors.ts";

/**
 * The cookies to set in the 101 response of each WebSocket handshake, by the handshake's request.
 */
const cookies = new WeakMap<object, readonly string[]>();
const watched = new WeakSet<object>();

/** The part of a ws WebSocketServer that handles handshakes. */
export interface HandshakeServer {
  on(event: "headers", listener: (headers: string[], req: IncomingMessage) => void): unknown;
}

/**
 * Makes a server set cookies in its 101 response to a WebSocket handshake.
 *
 * @throws SessionError `ERR_SESSION_RUNTIME` if the server cannot do that
 */
export function sendWithHandshake(
  server: HandshakeServer | undefined,
  req: IncomingMessage,
  setCookie: readonly string[],
): void {
  if (setCookie.length === 0) return;
  if (typeof server?.on !== "function") {
    throw new SessionError(
      "ERR_SESSION_RUNTIME",
      "This WebSocket server cannot set a cookie on its 101. Change the session in an HTTP request, or use the package ws.",
    );
  }
  if (!watched.has(server)) {
    watched.add(server);
    server.on("headers", (headers, of) => {
      for (const cookie of cookies.get(of) ?? []) headers.push(`Set-Cookie: ${cookie}`);
    });
  }
  cookies.set(req, setCookie);
}
