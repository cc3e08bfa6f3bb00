import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { createSessions, SessionError, update, type Sessions } from "@galleta/session";
import { session } from "@galleta/session/node";
import { WebSocket } from "ws";
import { answer, type Call } from "./app.ts";
import type { Running } from "./harness.ts";
import { listen } from "./harnesses/listen.ts";

/** How one library serves the sockets of the suite, beside HTTP with the same sessions. */
export interface SocketHarness {
  readonly name: string;
  /**
   * Takes the upgrades of a server. The hooks below are what an app would write.
   *
   * @param sessions a list where the test has two, if {@link SocketHarness.takesSeveral}
   */
  serve(server: HttpServer, sessions: Sessions | readonly Sessions[]): void;
  /** Whether the library's adapter takes a list of sessions. */
  readonly takesSeveral: boolean;
  /** The path that sockets connect to. */
  readonly path: string;
  /** Speaks the library's protocol over a bare WebSocket. Default: a text is a message. */
  readonly wrap?: (ws: WebSocket) => Promise<Talk>;
  /** True if a page may use `@galleta/session/client`, which is a plain WebSocket. */
  readonly speaksLive: boolean;
  /** The close code of a socket whose session has ended. Default 1008. */
  readonly closeCode?: number;
}

/** Sends a message of the app and returns its reply. */
export type Talk = (message: string) => Promise<string>;

/** A socket that is open. */
export interface Connected {
  readonly setCookie: readonly string[];
  readonly talk: Talk;
  readonly ws: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

/** A handshake that was denied. */
export interface Refused {
  readonly status: number;
  readonly setCookie: readonly string[];
  readonly body: string;
}

/** What the app does in the handshake: the query says. */
export function handshake(of: object, url: string, prefs?: unknown): boolean | number | void {
  const query = new URL(url, "http://here").searchParams;
  const session = of as Record<string, unknown>;
  if (query.has("prefs")) (prefs as Record<string, unknown>)["fromHandshake"] = query.get("prefs");
  if (query.has("set")) session["fromHandshake"] = query.get("set");
  if (query.has("big")) session["big"] = "x".repeat(6000);
  if (query.has("refuse")) return Number(query.get("refuse"));
  return undefined;
}

/** Where the app sends the ticket of an update; a test replaces it. */
export const page = { deliver: (_ticket: string): unknown => undefined };

/**
 * What the app answers to a message on a socket.
 *
 * @param prefs gives the second session
 */
export async function reply(of: object, text: string, prefs?: () => object): Promise<string> {
  const [message, isSecond] = [text.replace("prefs ", ""), text.startsWith("prefs ")];
  return replyOf(isSecond ? prefs!() : of, message);
}

async function replyOf(of: object, message: string): Promise<string> {
  const session = of as Record<string, unknown>;
  try {
    if (message === "write") session["late"] = true;
    const change = (draft: Record<string, unknown>) => void (draft["updated"] = true);
    if (message === "update") await update(session, change);
    if (message === "deliver") await update(session, change, { deliver: page.deliver });
    if (message === "nul") return "\0 is a message";
    return JSON.stringify({ ...session });
  } catch (error) {
    return error instanceof SessionError ? error.code : String(error);
  }
}

/** Serves HTTP and sockets with the same sessions. */
export async function serveSockets(
  harness: SocketHarness,
  options: Parameters<typeof createSessions>[0],
  beside?: Parameters<typeof createSessions>[0],
): Promise<Running> {
  const sessions = createSessions(options);
  const second = beside && createSessions(beside);
  const withPrefs = second === undefined ? (listener: unknown) => listener : session(second);
  const listener = withPrefs((async (
    req: IncomingMessage & Record<"session" | "prefs", never>,
    res: ServerResponse,
  ) => {
    const url = new URL(req.url ?? "/", "http://here");
    const call = { path: url.pathname, query: url.searchParams, text: async () => "" };
    Object.defineProperty(call, "session", {
      get: () => req.session as object,
      set(value: never) {
        req.session = value;
      },
    });
    Object.defineProperty(call, "prefs", { get: () => req.prefs as object });
    const { status, body } = await answer(call as unknown as Call);
    res.writeHead(status ?? 200).end(typeof body === "string" ? body : "");
  }) as never);
  const server = createServer(session(sessions)(listener as never) as never);
  harness.serve(server, second === undefined ? sessions : [sessions, second]);
  const running = await listen(server);
  return {
    origin: running.origin,
    async close() {
      server.closeAllConnections();
      await running.close();
    },
  };
}

/** Opens a socket, or returns how it was denied. */
export function connect(
  harness: SocketHarness,
  origin: string,
  query: string,
  headers: Record<string, string> = {},
  protocols: string[] = [],
): Promise<Connected | Refused> {
  return new Promise((resolve, reject) => {
    const separator = harness.path.includes("?") ? "&" : "?";
    const url = `${origin.replace("http", "ws")}${harness.path}${separator}${query}`;
    const ws = new WebSocket(url, protocols, { headers });
    let setCookie: readonly string[] = [];
    ws.on("upgrade", (res) => (setCookie = res.headers["set-cookie"] ?? []));
    ws.on("error", reject);
    ws.on("unexpected-response", (_req, res) => {
      let body = "";
      res.setEncoding("utf8").on("data", (text: string) => (body += text));
      res.on("end", () => {
        const { statusCode = 0, headers: got } = res;
        resolve({ status: statusCode, setCookie: got["set-cookie"] ?? [], body });
      });
    });
    const closed = new Promise<{ code: number; reason: string }>((settle) => {
      ws.on("close", (code, reason) => settle({ code, reason: reason.toString() }));
    });
    ws.on("open", () => {
      const opened = (talk: Talk) => {
        resolve({ setCookie, talk, ws, closed, close: () => ws.close() });
      };
      void (harness.wrap ?? plain)(ws).then(opened);
    });
  });
}

async function plain(ws: WebSocket): Promise<Talk> {
  return (message) =>
    new Promise((resolve) => {
      ws.once("message", (data) => resolve(String(data)));
      ws.send(message);
    });
}
