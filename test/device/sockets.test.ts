import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { createSessions, memoryStore } from "@galleta/session";
import { session } from "@galleta/session/node";
import { session as socketSession, sessionOf } from "@galleta/session/ws";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { listen } from "../adapters/harnesses/listen.ts";
import { ask } from "../adapters/wire.ts";
import { DeviceBrowser } from "./browser.ts";

const REFRESH = 300;
const closing: (() => unknown)[] = [];

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0).toReversed()) await close();
});

const pass = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);

async function serve(options: object) {
  const sessions = createSessions<{ user?: string }>({
    secretKey: "a key for tests of more than thirty-two characters",
    deviceBound: { refresh: REFRESH },
    onEvent: () => undefined,
    ...options,
  });
  closing.push(() => sessions.stop());
  const view = (req: IncomingMessage & { session: { user?: string } }, res: ServerResponse) => {
    if (req.url === "/login") req.session.user = "ana";
    res.end(String(req.session.user));
  };
  const server = createServer(session(sessions)(view as never));
  const wss = new WebSocketServer({ noServer: true });
  server.on("upgrade", socketSession(sessions)(wss));
  wss.on("connection", (ws) => {
    ws.on("message", () => ws.send(String(sessionOf<{ user?: string }>(ws).user)));
  });
  const running = await listen(server);
  closing.push(() => running.close());
  const browser = new DeviceBrowser(running.origin, (path, sent) =>
    ask(running.origin, path, sent),
  );
  await browser.request("/login");
  return { browser, origin: running.origin, sessions };
}

/** A socket as a page of the browser opens it. */
async function open(browser: DeviceBrowser, origin: string) {
  const socket = new WebSocket(origin.replace("http", "ws"), {
    headers: { cookie: browser.cookies.header, origin },
  });
  closing.push(() => socket.terminate());
  const closed = once(socket, "close").then(([code, reason]) => `${code} ${reason}`);
  await once(socket, "open");
  const whose = async () => {
    socket.send("who");
    const [message] = (await once(socket, "message")) as [Buffer];
    return message.toString();
  };
  return { closed, whose };
}

describe.each([
  ["in its cookie", {}],
  ["with a store", { store: memoryStore() }],
])("a socket of a bound session %s", (_where, options) => {
  test("is closed when the bound cookie expires, and stays open after a refresh", async () => {
    const { browser, origin } = await serve(options);
    await browser.settled();
    const { closed, whose } = await open(browser, origin);
    pass(REFRESH - 10);
    const [id] = browser.sessions.keys();
    await browser.refresh(id!);
    pass(REFRESH - 10);
    // The server's timer runs once a second.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await whose()).toBe("ana");
    pass(20);
    expect(await closed).toBe("1008 session expired");
  });

  test("that was opened before its session was bound is closed as well", async () => {
    const { browser, origin } = await serve(options);
    const { closed, whose } = await open(browser, origin);
    expect(await whose()).toBe("ana");
    await browser.settled();
    pass(REFRESH + 1);
    expect(await closed).toBe("1008 session expired");
  });

  test("that a thief opens with a stale cookie has no session", async () => {
    const { browser, origin } = await serve(options);
    await browser.settled();
    const stolen = new DeviceBrowser(origin, (path, sent) => ask(origin, path, sent));
    stolen.cookies.set("session", browser.cookies.get("session") ?? "");
    pass(REFRESH + 1);
    const { whose } = await open(stolen, origin);
    expect(await whose()).toBe("undefined");
  });
});

test("a list of sessions shows which of them are bound", async () => {
  const { browser, origin, sessions } = await serve({ store: memoryStore(), subject: "user" });
  await browser.settled();
  pass(1);
  // A browser that does not know of bound sessions.
  await ask(origin, "/login");
  const bound = async () => (await sessions.list("ana")).map(({ deviceBound }) => deviceBound);
  expect(await bound()).toEqual([false, true]);
  // The refreshes of a bound cookie leave it in the list.
  pass(REFRESH + 1);
  await browser.request("/");
  expect((await bound()).filter(Boolean)).toHaveLength(1);
});
