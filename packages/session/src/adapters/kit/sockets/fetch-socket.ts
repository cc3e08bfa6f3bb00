import { live } from "../../../live/live.ts";
import { SessionError } from "../../../errors.ts";
import type { Commit } from "../../../cookie/headers.ts";
import type { FetchSession } from "../fetch-session.ts";
import { heldBy } from "../expose.ts";
import { liveContextOf, rememberSession } from "../handshake.ts";
import { withCookies, withUpgrade, type BunServer } from "./bun-server.ts";
import { assertSendable } from "./handshake-cookies.ts";
import { TiedSocket } from "./tied-socket.ts";

/** A WebSocket of Deno or workerd. */
export interface EventSocket {
  readonly protocol: string | null;
  readonly readyState: number;
  close(code?: number, reason?: string): void;
  send(data: never): void;
  addEventListener(type: string, listener: (event: never) => void): void;
}

/**
 * Ties sockets to a session after their handshake is committed and before its answer is sent.
 *
 * @throws SessionError if the session cannot be saved. Deno has already upgraded the request and
 *   would exit without its answer: there the sockets are closed with 1011, and the error becomes a
 *   process warning.
 */
export async function tieSockets(
  held: FetchSession,
  sockets: readonly EventSocket[],
): Promise<void> {
  const { context } = held;
  live(held.sessions);
  try {
    void context.state;
    assertSendable(context);
    await held.commit();
  } catch (error) {
    if (!("Deno" in globalThis)) throw error;
    process.emitWarning(error as Error);
    held.skip();
    for (const socket of sockets) closeWhenOpen(socket);
    return;
  }
  for (const socket of sockets) tie(held, socket);
}

function closeWhenOpen(socket: EventSocket): void {
  socket.addEventListener("open", () => socket.close(1011, "session not saved"));
}

function tie({ context }: FetchSession, socket: EventSocket): void {
  let tied: TiedSocket | undefined;
  const send = socket.send.bind(socket) as (data: unknown) => void;
  const open = () => (tied ??= new TiedSocket(context as never, { ...given(socket), send }));
  // Deno's socket is connecting until its answer is sent.
  if (socket.readyState === 0) socket.addEventListener("open", open);
  else open();
  socket.addEventListener("close", () => tied?.detach());
}

const given = (socket: EventSocket) => ({
  protocol: socket.protocol,
  close: (code: number, reason: string) => socket.close(code, reason),
});

/**
 * Makes a copy of Bun's server whose `upgrade` commits the session of a request and remembers it
 * for the socket.
 *
 * @param given the session of the request that the server came with. A framework may keep the
 *   server and upgrade other requests with it.
 */
export function guardServer<Server extends BunServer>(given: FetchSession, server: Server): Server {
  return withUpgrade(server, (request, options) => {
    const held = (heldBy(request) as unknown as FetchSession | undefined) ?? given;
    const { context } = held;
    live(held.sessions);
    void context.state;
    const { setCookie } = commitNow(held);
    const data = ownData(options.data);
    rememberSession(context, data);
    const headers = withCookies(options.headers, setCookie);
    return server.upgrade(request, { ...options, headers, data });
  });
}

/**
 * Commits a session immediately: Bun answers a handshake when `upgrade` is called, and cannot wait
 * for a store.
 *
 * @throws SessionError `ERR_SESSION_RUNTIME` if the session was changed
 */
function commitNow(held: FetchSession): Pick<Commit, "setCookie"> {
  const { context, sessions } = held;
  if (!sessions.loads) return held.handOver() as Commit;
  if (!context.isChanged) {
    held.skip();
    return { setCookie: [] };
  }
  throw new SessionError(
    "ERR_SESSION_RUNTIME",
    "Bun's server.upgrade cannot wait for a store. Change the session in an HTTP request before, or after the handshake with update.",
  );
}

/** Returns the data of a socket as an object that no other socket has. */
function ownData(data: unknown): object {
  if (typeof data !== "object" || data === null) return data === undefined ? {} : refuse();
  return Object.assign(Object.create(Object.getPrototypeOf(data) as object | null), data) as object;
}

function refuse(): never {
  throw new SessionError(
    "ERR_SESSION_OPTION",
    "The data of server.upgrade must be an object, because the socket's session is found by it.",
  );
}

/** The used part of a Bun socket. */
interface BunSocket {
  readonly data: unknown;
  close(code?: number, reason?: string): void;
  send(data: string): unknown;
}

const tiedSockets = new WeakMap<object, TiedSocket>();

/** Ties an open Bun socket to its session. @returns true if its handshake had a session */
export function openBunSocket(ws: BunSocket): boolean {
  const { data } = ws;
  const isOurs = typeof data === "object" && data !== null;
  const context = isOurs ? liveContextOf(data) : undefined;
  if (context === undefined) return false;
  rememberSession(context, ws);
  const close = (code: number, reason: string) => ws.close(code, reason);
  tiedSockets.set(ws, new TiedSocket(context, { close, send: (text) => ws.send(text) }));
  return true;
}

/** Detaches a Bun socket that was closed. */
export function closeBunSocket(ws: object): void {
  tiedSockets.get(ws)?.detach();
}
