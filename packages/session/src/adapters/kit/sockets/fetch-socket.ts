import { live } from "../../../live/live.ts";
import { SessionError } from "../../../errors.ts";
import type { Commit } from "../../../cookie/headers.ts";
import type { FetchSession } from "../fetch-session.ts";
import {
  appProtocols,
  escapeMessage,
  isLiveProtocol,
  negotiate,
  offeredProtocols,
} from "../../../live/socket.ts";
import type { SessionContext } from "../../../session/context.ts";
import { warn } from "../../../warn.ts";
import { allHeld } from "../expose.ts";
import { openHeaders } from "../fetch-response.ts";
import { rememberSession } from "../handshake.ts";
import { withCookies, withUpgrade, type BunServer } from "./bun-server.ts";
import { assertSendable } from "./handshake-cookies.ts";
import { TiedSocket } from "./tied-socket.ts";

/** A WebSocket of Deno or workerd. */
export interface EventSocket {
  readonly readyState: number;
  close(code?: number, reason?: string): void;
  send(data: never): void;
  addEventListener(type: string, listener: (event: never) => void): void;
}

/** A WebSocket that the app's handler passed to `attach`, to tie the socket to the session. */
export interface AttachedSocket {
  readonly socket: EventSocket;
  /**
   * Gets each message before the app's listeners do. Set when the socket is tied to its session.
   */
  read?(event: MessageEvent): void;
}

const PROTOCOL = "sec-websocket-protocol";

/**
 * Saves the sessions of a WebSocket handshake and ties them to its sockets, before the response is
 * sent.
 *
 * @returns the response; on workers, with the subprotocol of `@galleta/session/client` if the page
 *   uses that client
 * @throws SessionError if a session cannot be saved. On Deno it does not throw: Deno has already
 *   upgraded the request, and exits if the handler does not return the response. Instead, the
 *   sockets are closed with 1011, and the error becomes a process warning.
 */
export async function tieSockets<Answer>(
  held: readonly FetchSession[],
  sockets: readonly AttachedSocket[],
  answer: Answer,
): Promise<Answer> {
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
    for (const { socket } of sockets) closeWhenOpen(socket);
    return answer;
  }
  const offered = held[0]!.facts.header(PROTOCOL);
  const [sent, protocol] = speakLive(offered, answer);
  for (const each of sockets) tie(contexts, each, protocol);
  return sent;
}

/**
 * Returns the response and the socket's subprotocol. On workers, the response gets the subprotocol
 * of `@galleta/session/client` if the page uses it. On Deno the response stays unchanged, because
 * Deno chose the subprotocol when it upgraded the request.
 */
function speakLive<Answer>(
  offered: string | undefined,
  answer: Answer,
): [answer: Answer, protocol?: string | undefined] {
  if (!(answer instanceof Response)) return [answer];
  const chosen = answer.headers.get(PROTOCOL) ?? undefined;
  if ("Deno" in globalThis) return [answer, chosen];
  const { protocol, isLive } = negotiate(offeredProtocols(offered), chosen);
  if (!isLive) return [answer, chosen];
  const opened = openHeaders(answer);
  opened.headers.set(PROTOCOL, protocol!);
  return [opened as Answer, protocol];
}

function closeWhenOpen(socket: EventSocket): void {
  socket.addEventListener("open", () => socket.close(1011, "session not saved"));
}

function tie(
  contexts: readonly SessionContext[],
  attached: AttachedSocket,
  protocol: string | undefined,
): void {
  const { socket } = attached;
  let tied: TiedSocket | undefined;
  const send = socket.send.bind(socket) as (data: unknown) => void;
  const close = (code: number, reason: string) => socket.close(code, reason);
  const open = () => (tied ??= new TiedSocket(contexts as never, { protocol, close, send }));
  if (isLiveProtocol(protocol)) socket.send = escaped(send);
  // On Deno, the socket is still connecting until the response is sent.
  if (socket.readyState === 0) socket.addEventListener("open", open);
  else open();
  socket.addEventListener("close", () => tied?.detach());
  let isUnescaped = false;
  attached.read = (event) => {
    const data: unknown = event.data;
    const own = isUnescaped || tied === undefined ? data : tied.read(data);
    if (own === data) return;
    event.stopImmediatePropagation();
    if (own === undefined) return;
    isUnescaped = true;
    (socket as EventTarget & EventSocket).dispatchEvent(new MessageEvent("message", { data: own }));
    isUnescaped = false;
  };
}

/**
 * Makes a `send` function that escapes messages of the app that look like Galleta's own messages.
 */
const escaped =
  (send: (data: unknown, ...rest: unknown[]) => unknown) =>
  (data: unknown, ...rest: unknown[]) =>
    send(typeof data === "string" ? escapeMessage(data) : data, ...rest);

/**
 * Wraps Bun's server, so that `upgrade` saves the request's sessions and ties them to the socket.
 *
 * @param given the session for an upgraded request that has none itself. A framework may keep this
 *   server and upgrade other requests with it, which have sessions of their own.
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
    const headers = withCookies(options.headers, setCookie);
    const protocol = chooseProtocol(request, headers);
    dataSessions.set(data, { contexts: held.map(({ context }) => context as never), protocol });
    return server.upgrade(request, { ...options, headers, data });
  });
}

/**
 * Chooses the subprotocol of a WebSocket handshake and sets its header. If the app chooses none,
 * the first one that the client offers is taken, as Bun does.
 */
function chooseProtocol(request: Request, headers: Headers): string | undefined {
  const offered = offeredProtocols(request.headers.get(PROTOCOL));
  const chosen = headers.get(PROTOCOL) ?? appProtocols(offered)[0];
  const { protocol } = negotiate(offered, chosen);
  if (protocol !== undefined) headers.set(PROTOCOL, protocol);
  return protocol;
}

interface Upgraded {
  readonly contexts: readonly SessionContext<never>[];
  readonly protocol: string | undefined;
}

/** The sessions of each upgraded Bun socket, found by the object in the socket's `data`. */
const dataSessions = new WeakMap<object, Upgraded>();

/**
 * Throws if the handshake changed a session that has a store: Bun answers the handshake as soon as
 * `upgrade` is called, and cannot wait for the store.
 *
 * @throws SessionError `ERR_SESSION_RUNTIME`
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
  send(data: unknown, ...rest: unknown[]): unknown;
  sendText(data: unknown, ...rest: unknown[]): unknown;
}

const tiedSockets = new WeakMap<object, TiedSocket>();

/**
 * Ties an open Bun socket to its session.
 *
 * @returns true if the socket's handshake had a session
 */
export function openBunSocket(ws: BunSocket): boolean {
  const { data } = ws;
  const isOurs = typeof data === "object" && data !== null;
  const upgraded = isOurs ? dataSessions.get(data) : undefined;
  if (upgraded === undefined) return false;
  const { contexts, protocol } = upgraded;
  for (const context of contexts) rememberSession(context, ws);
  const close = (code: number, reason: string) => ws.close(code, reason);
  const send = ws.send.bind(ws);
  if (isLiveProtocol(protocol)) {
    ws.send = escaped(send);
    ws.sendText = escaped(ws.sendText.bind(ws));
  }
  tiedSockets.set(ws, new TiedSocket(contexts, { protocol, close, send }));
  return true;
}

/**
 * Returns a message for the app. A message of Galleta's own client goes to the sessions instead,
 * and `undefined` is returned.
 */
export function readBunSocket(ws: object, message: unknown): unknown {
  const tied = tiedSockets.get(ws);
  return tied === undefined ? message : tied.read(message);
}

/** Detaches a Bun socket from its sessions after it was closed. */
export function closeBunSocket(ws: object): void {
  tiedSockets.get(ws)?.detach();
}
