import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type { WSContext, WSEvents } from "hono/ws";
import { live } from "../../../live/live.ts";
import type { SessionContext } from "../../../session/context.ts";
import type { FetchSession } from "../fetch-session.ts";
import { serverThatSends, type BunServer } from "./bun-server.ts";
import { assertSendable, writeWith101 } from "./handshake-cookies.ts";
import { TiedSocket } from "./tied-socket.ts";

/** The object that a Node or Bun server passes to Hono as `env`. */
interface SocketEnv {
  readonly incoming?: IncomingMessage;
  /**
   * The WebSocketServer of @hono/node-server 2, which adds the response's headers to the
   * handshake's 101.
   */
  readonly wss?: unknown;
  readonly server?: BunServer;
}

/**
 * Answers a WebSocket handshake with one of Hono's helpers, and ties the socket to the sessions.
 *
 * @param held the sessions of the request
 * @param events the app's event handlers for the socket
 * @param upgrade calls the helper
 */
export async function upgradeWithSession(
  c: Context,
  held: readonly FetchSession[],
  events: WSEvents,
  upgrade: (events: WSEvents) => Promise<Response | void>,
): Promise<Response | void> {
  for (const { sessions, context } of held) {
    live(sessions);
    // Opens the session here, so that an error of the store fails the handshake, not later code.
    void context.state;
    assertSendable(context);
  }
  const tied = tieEvents(held, events);
  const before = c.env as SocketEnv | undefined;
  if ("WebSocketPair" in globalThis) {
    for (const each of held) await each.commit();
    return openPair(c, tied);
  }
  // The middleware adds its cookies to the response, whose headers are sent with the 101.
  if (before?.wss !== undefined) {
    for (const each of held) await each.commit();
    return upgrade(tied);
  }
  const setCookie: string[] = [];
  for (const each of held) setCookie.push(...(await each.handOver()).setCookie);
  if (before?.incoming !== undefined) writeWith101(before.incoming, setCookie);
  const server = before?.server ?? (before as unknown as BunServer | undefined);
  if (typeof server?.upgrade !== "function") return upgrade(tied);
  c.env = { ...(before?.server && before), server: serverThatSends(server, setCookie) };
  try {
    return await upgrade(tied);
  } finally {
    c.env = before;
  }
}

/** Wraps the app's event handlers, so that they get no messages of Galleta's own client. */
function tieEvents(held: readonly FetchSession[], events: WSEvents): WSEvents {
  let tied: TiedSocket | undefined;
  const contexts = held.map(({ context }) => context as unknown as SessionContext<never>);
  const offered = held[0]!.facts.header("sec-websocket-protocol");
  const first = "Deno" in globalThis ? offered?.split(",")[0]?.trim() : undefined;
  const open = new WeakSet<object>();
  const shown = (ws: WSContext): WSContext => {
    const send = ws.send.bind(ws);
    tied ??= new TiedSocket(contexts, {
      // On Deno the socket has no protocol. Hono answers with the first one that the client
      // offered.
      protocol: ws.protocol || first,
      close: (code, reason) => ws.close(code, reason),
      send,
    });
    // Some hosts make a new object for each event.
    if (!open.has(ws)) {
      open.add(ws);
      const socket = tied;
      ws.send = (data, options) => send(socket.escape(data), options);
    }
    return ws;
  };
  return {
    ...events,
    onOpen(event, ws) {
      const socket = shown(ws);
      return events.onOpen?.(event, socket);
    },
    onMessage(event, ws) {
      const socket = shown(ws);
      const data = tied!.read(event.data) as typeof event.data | undefined;
      if (data === undefined) return;
      const read = data === event.data ? event : new MessageEvent("message", { data });
      return events.onMessage?.(read, socket);
    },
    onClose(event, ws) {
      tied?.detach();
      return events.onClose?.(event, ws);
    },
  };
}

/**
 * Answers a WebSocket handshake on workerd. Hono's own helper does not report when the socket
 * opens.
 */
function openPair(c: Context, events: WSEvents): Response {
  const { 0: client, 1: server } = new (globalThis as never as Workerd).WebSocketPair();
  const [protocol] = c.req.header("sec-websocket-protocol")?.split(",") ?? [];
  const ws = {
    raw: server,
    url: new URL(c.req.url),
    protocol: protocol?.trim() ?? null,
    binaryType: "arraybuffer",
    get readyState() {
      return server.readyState;
    },
    send: (data: string) => server.send(data),
    close: (code?: number, reason?: string) => server.close(code, reason),
  } as unknown as WSContext;
  server.addEventListener("message", (event) => events.onMessage?.(event as never, ws));
  server.addEventListener("close", (event) => events.onClose?.(event as never, ws));
  server.addEventListener("error", (event) => events.onError?.(event, ws));
  server.accept();
  events.onOpen?.(new Event("open"), ws);
  const headers = protocol === undefined ? {} : { "sec-websocket-protocol": protocol.trim() };
  return new Response(null, { status: 101, webSocket: client, headers } as ResponseInit);
}

interface Workerd {
  readonly WebSocketPair: new () => Record<0 | 1, WebSocket & { accept(): void }>;
}
