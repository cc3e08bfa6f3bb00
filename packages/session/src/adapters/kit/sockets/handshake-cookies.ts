import type { IncomingMessage } from "node:http";
import { SessionError } from "../../../errors.ts";
import type { SessionContext } from "../../../session/context.ts";

/**
 * Throws on Deno if a WebSocket handshake changed the session. Deno's 101 response cannot set
 * headers, so the session's cookie would be lost. A cookie that would only prolong the session may
 * be left out.
 *
 * @throws SessionError `ERR_SESSION_RUNTIME` if the session was changed
 */
export function assertSendable<Data>(context: SessionContext<Data>): void {
  if (!("Deno" in globalThis) || !context.isChanged) return;
  throw new SessionError(
    "ERR_SESSION_RUNTIME",
    "Deno cannot set a cookie on the 101 of a WebSocket. Change the session in an earlier HTTP request, or with update after the handshake.",
  );
}

/**
 * Adds cookies to the 101 response of a WebSocket handshake when a Node library writes it. For
 * libraries that do not expose their WebSocketServer. If the first write is not a 101 response, it
 * is sent unchanged.
 */
export function writeWith101({ socket }: IncomingMessage, setCookie: readonly string[]): void {
  if (setCookie.length === 0) return;
  const { write } = socket;
  socket.write = (...args: unknown[]) => {
    socket.write = write;
    const [head, ...rest] = args as [unknown];
    const isAnswer = typeof head === "string" && head.startsWith("HTTP/1.1 101 ");
    const lines = setCookie.map((cookie) => `\r\nSet-Cookie: ${cookie}`).join("");
    const written = isAnswer ? head.replace(/(?=\r\n)/, () => lines) : head;
    return write.call(socket, written as never, ...(rest as []));
  };
}
