import { SessionError } from "@galleta/session";
import { WebSocketDisconnect } from "../errors.ts";
import { HTTPError } from "../http-error.ts";
import { logError } from "../log.ts";
import type { Connection } from "./connection.ts";
import type { SocketEndpoint } from "./endpoint.ts";
import type { SocketSession } from "./session.ts";
import type { Socket } from "./socket.ts";

/**
 * Runs a view from the handshake to the end of its socket. Never rejects.
 *
 * A view that returns closes with 1000. One that throws closes with 1011; before the handshake it
 * answers with the status of its HTTPError, or 500.
 */
export async function runView(
  endpoint: SocketEndpoint,
  connection: Connection,
  session: SocketSession | undefined,
  socket: Socket<never, never, never>,
): Promise<void> {
  try {
    // Only a store makes it wait. Without one the view starts immediately.
    const wait = session?.load();
    if (wait) await wait;
    await endpoint.view(socket);
    if (connection.isPending && !endpoint.autoAccept) await connection.reject(new HTTPError(403));
    // Also if the view did not await what it began: its messages are still sent.
    await connection.open(true);
    connection.close(1000, "");
  } catch (error) {
    if (!isEnd(connection, error)) await fail(connection, socket, error);
  }
}

/** True if an error only means that the socket is closed. */
function isEnd(connection: Connection, error: unknown): boolean {
  if (error instanceof WebSocketDisconnect) return true;
  const isAbort = error instanceof Error && error.name === "AbortError";
  return isAbort && connection.signal.aborted;
}

async function fail(
  connection: Connection,
  socket: Socket<never, never, never>,
  error: unknown,
): Promise<void> {
  if (!connection.isPending && !connection.isOpen && isAboutTheEnd(error)) return;
  const status = connection.isPending ? expectedStatus(error) : undefined;
  if (status === undefined) logError(`The WebSocket view of ${socket.url.pathname} failed:`, error);
  if (connection.isPending) {
    await connection.reject(error instanceof HTTPError ? error : new HTTPError(status ?? 500));
  } else {
    connection.close(1011, "");
  }
}

/** Returns the status of an error that is an answer and not a failure of the app. */
function expectedStatus(error: unknown): number | undefined {
  if (error instanceof HTTPError) return error.status;
  return error instanceof SessionError && error.status !== 500 ? error.status : undefined;
}

/**
 * True for a failed change of the session whose socket is gone. It is not logged, like the socket's
 * end.
 */
function isAboutTheEnd(error: unknown): boolean {
  if (!(error instanceof SessionError)) return false;
  return error.code === "ERR_SESSION_UPDATE_TIMEOUT" || error.code === "ERR_SESSION_ENDED";
}
