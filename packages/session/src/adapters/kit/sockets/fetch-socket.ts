import { live } from "../../../live/live.ts";
import { SessionError } from "../../../errors.ts";
import type { Commit } from "../../../cookie/headers.ts";
import type { FetchSession } from "../fetch-session.ts";
import type { SessionContext } from "../../../session/context.ts";
import { warn } from "../../../warn.ts";
import { allHeld } from "../expose.ts";
import { rememberSession } from "../handshake.ts";
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
 * Ties sockets to the sessions of a request after their handshake is committed and before its
 * answer is sent.
 *
 * @throws SessionError if the session cannot be saved. Deno has already upgraded the request, and
 *   exits unless the handler returns its response: there the sockets are closed with 1011, and the
 *   error becomes a process warning.
 */
export async function tieSockets(
  held: readonly FetchSession[],
  sockets: readonly EventSocket[],
): Promise<void> {
  const contexts = held.map(({ context }) => context);
  for (const { sessions } of held) live(sessions);
  try {
    for (const context of contexts) {
      void context.state;
      assertSendable(context);
    }
    for (const each of held) await each.commit();
  } catch (error) {
    if (!("Deno" in globalThis)) throw error;
    warn(error);
    for (const each of held) each.skip();
    for (const socket of sockets) closeWhenOpen(socket);
    return;
  }
  for (const socket of sockets) tie(contexts, socket);
}

function closeWhenOpen(socket: EventSocket): void {
  socket.addEventListener("open", () => socket.close(1011, "session not saved"));
}

function tie(contexts: readonly SessionContext[], socket: EventSocket): void {
  let tied: TiedSocket | undefined;
  const send = socket.send.bind(socket) as (data: unknown) => void;
  const open = () => (tied ??= new TiedSocket(contexts as never, { ...given(socket), send }));
  // Deno's socket is connecting until its response is sent.
  if (socket.readyState === 0) socket.addEventListener("open", open);
  else open();
  socket.addEventListener("close", () => tied?.detach());
  if (!contexts.some(({ shared }) => shared.socketActivity)) return;
  socket.addEventListener("message", ({ data }: { data: unknown }) => tied?.read(data));
}

const given = (socket: EventSocket) => ({
  protocol: socket.protocol,
  close: (code: number, reason: string) => socket.close(code, reason),
});

/**
 * Makes a copy of Bun's server whose `upgrade` commits the sessions of a request and stores them
 * for the socket.
 *
 * @param given the session of the request that the server was passed with. A framework may keep the
 *   server and upgrade other requests with it.
 */
export function guardServer<Server extends BunServer>(given: FetchSession, server: Server): Server {
  return withUpgrade(server, (request, options) => {
    const found = allHeld(request) as unknown as FetchSession[];
    const held = found.length === 0 ? [given] : found;
    for (const { sessions, context } of held) {
      live(sessions);
      void context.state;
    }
    for (const each of held) assertKept(each);
    const setCookie = held.flatMap((each) => commitNow(each).setCookie);
    const data = ownData(options.data);
    for (const { context } of held) rememberSession(context, data);
    dataSessions.set(
      data,
      held.map(({ context }) => context as never),
    );
    const headers = withCookies(options.headers, setCookie);
    return server.upgrade(request, { ...options, headers, data });
  });
}

/** The sessions of each upgraded socket, by the socket's data. */
const dataSessions = new WeakMap<object, readonly SessionContext<never>[]>();

/**
 * Commits a session that must be unchanged: Bun answers a handshake when `upgrade` is called, and
 * cannot wait for a store.
 *
 * @throws SessionError `ERR_SESSION_RUNTIME` if the session was changed
 */
function assertKept({ context, sessions }: FetchSession): void {
  if (sessions.shared.store === undefined || !context.isChanged) return;
  throw new SessionError(
    "ERR_SESSION_RUNTIME",
    "Bun's server.upgrade cannot wait for a store. Change the session in an earlier HTTP request, or with update after the handshake.",
  );
}

function commitNow(held: FetchSession): Pick<Commit, "setCookie"> {
  if (held.sessions.shared.store === undefined) return held.handOver() as Commit;
  held.skip();
  return { setCookie: [] };
}

/** Returns a copy of a socket's data, as an object that belongs to this socket alone. */
function ownData(data: unknown): object {
  if (typeof data !== "object" || data === null) return data === undefined ? {} : throwNotObject();
  return Object.assign(Object.create(Object.getPrototypeOf(data) as object | null), data) as object;
}

function throwNotObject(): never {
  throw new SessionError(
    "ERR_SESSION_OPTION",
    "The data of server.upgrade must be an object: it identifies the socket's session.",
  );
}

/** The part of a Bun socket that this adapter uses. */
interface BunSocket {
  readonly data: unknown;
  close(code?: number, reason?: string): void;
  send(data: string): unknown;
}

const tiedSockets = new WeakMap<object, TiedSocket>();

/**
 * Ties an open Bun socket to its session.
 *
 * @returns true if its handshake had a session
 */
export function openBunSocket(ws: BunSocket): boolean {
  const { data } = ws;
  const isOurs = typeof data === "object" && data !== null;
  const contexts = isOurs ? dataSessions.get(data) : undefined;
  if (contexts === undefined) return false;
  for (const context of contexts) rememberSession(context, ws);
  const close = (code: number, reason: string) => ws.close(code, reason);
  tiedSockets.set(ws, new TiedSocket(contexts, { close, send: (text) => ws.send(text) }));
  return true;
}

/** Counts a message of a Bun socket as activity of its session. */
export function activeBunSocket(ws: object): void {
  tiedSockets.get(ws)?.active();
}

/** Detaches a Bun socket that was closed. */
export function closeBunSocket(ws: object): void {
  tiedSockets.get(ws)?.detach();
}
