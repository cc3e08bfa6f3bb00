// node --import tsx live-sockets.ts [sockets]
//
// Measures idle sockets with a session each: their memory compared with sockets without sessions,
// if all are closed in time when their sessions expire, and how long a revokeAll takes to close all
// of them. The server and the clients are separate processes.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { median } from "./lib/stats.ts";
import { createSessions, memoryStore } from "@galleta/session";
import { App, configure, serve } from "galleta";
import { WebSocket } from "ws";

const SECRET = "a secret of the benchmarks, longer than thirty-two";
/**
 * The lifetime of a session in seconds for the test of expiry. All sockets open faster than that.
 */
const LIFETIME = 25;
const WARM_UP = 1000;
/** More tokens than the cache of verified tokens holds. */
const TOKENS = 40_000;
/** Runs of the memory test, whose median is printed. */
const ROUNDS = 3;
const AT_ONCE = 200;
/** The run fails after this many milliseconds. */
const PATIENCE = 240_000;

const children = new Set<ChildProcess>();
const figure = (value: number) => Math.round(value).toLocaleString("en");

const [role = "10000", ...rest] = process.argv.slice(2);
if (role === "server") await runServer(rest[0] === "on", Number(rest[1]));
else if (role === "clients") await holdSockets(rest[0] ?? "", Number(rest[1]), Number(rest[2]));
else await measure(Number(role));

async function measure(count: number): Promise<void> {
  const guard = setTimeout(() => {
    console.error("The benchmark took too long.");
    stopAll();
    process.exit(1);
  }, PATIENCE);
  const [off, on]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [mode, list] of [
      ["off", off],
      ["on", on],
    ] as const) {
      list.push((await idle(count, mode, 0)).bytes);
      stopAll();
    }
  }
  const more = ((median(on) / median(off) - 1) * 100).toFixed(1);
  console.log(`${figure(count)} idle sockets without sessions: ${figure(median(off))} bytes each`);
  console.log(`with a session each: ${figure(median(on))} bytes each, ${more} % more`);

  const expiring = await idle(count, "on", LIFETIME);
  const expired = await tell<Ends>(expiring.clients);
  console.log(
    `expired: ${figure(count)} closed with ${expired.reasons.join()}, ` +
      `the last ${expired.latest.toFixed(2)} s after its second began`,
  );
  stopAll();

  const revoking = await idle(count, "on", 0);
  const began = Date.now();
  revoking.server.send("revoke");
  const revoked = await tell<Ends>(revoking.clients);
  console.log(
    `revokeAll: ${figure(count)} closed with ${revoked.reasons.join()} ` +
      `in ${figure(revoked.at - began)} ms`,
  );
  stopAll();
  clearTimeout(guard);
}

async function idle(count: number, mode: "on" | "off", maxAge: number) {
  const server = run(["--expose-gc"], ["server", mode, `${maxAge}`]);
  const url = await tell<string>(server);
  const warmUp = run([], ["clients", url, `${WARM_UP}`, `${maxAge}`]);
  await tell(warmUp);
  await stop(warmUp);
  const before = await ask<number>(server, "memory");
  const clients = run([], ["clients", url, `${count}`, `${maxAge}`]);
  await tell(clients);
  const bytes = ((await ask<number>(server, "memory")) - before) / count;
  return { server, clients, bytes };
}

/** The times when the sockets were closed. */
interface Ends {
  /** When the last socket was closed, in milliseconds since 1970. */
  readonly at: number;
  /** How long the slowest socket stayed open after its session's end, in seconds. */
  readonly latest: number;
  readonly reasons: readonly string[];
}

function run(flags: readonly string[], args: readonly string[]): ChildProcess {
  const execArgv = [...process.execArgv, ...flags];
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv });
  children.add(child);
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  children.delete(child);
  child.kill("SIGKILL");
  await once(child, "exit");
}

function stopAll(): void {
  for (const child of children) void stop(child);
}

async function tell<Message>(child: ChildProcess): Promise<Message> {
  const [message] = (await once(child, "message")) as [Message];
  return message;
}

function ask<Answer>(child: ChildProcess, question: string): Promise<Answer> {
  child.send(question);
  return tell(child);
}

async function runServer(isOn: boolean, maxAge: number): Promise<void> {
  const app = new App<Record<string, unknown>>();
  const options = { secretKey: SECRET, store: memoryStore(), subject: "user" };
  const lifetime = maxAge === 0 ? {} : { maxAge };
  configure(app, isOn ? { SESSIONS: { ...options, ...lifetime } } : {});
  app.websocketRoute("/live", async (ws) => {
    if (isOn && ws.session["user"] === undefined) return ws.reject(401);
    for await (const message of ws) await ws.send(message);
  });
  if (isOn) await fillCache(app);
  const server = await serve(app, { port: 0 });
  process.on("message", (question) => {
    if (question === "revoke") void app.sessions.revokeAll("ada");
    else void memory().then((bytes) => process.send?.(bytes));
  });
  process.send?.(`${server.url.replace("http", "ws")}/live`);
}

/**
 * Fills the cache of verified tokens. Its size is bounded for the process, so it is not part of a
 * socket's memory.
 */
async function fillCache(app: App<Record<string, unknown>>): Promise<void> {
  const makeCookie = cookieMaker(undefined);
  for (let i = 0; i < TOKENS; i += 1) {
    const context = app.sessions.open(makeCookie());
    await context.load();
    void context.session;
  }
}

/** Returns a function that makes cookies like the server, each for a new session. */
function cookieMaker(maxAge: number | undefined): () => string {
  const lifetime = maxAge === undefined ? {} : { maxAge };
  const sessions = createSessions<Record<string, unknown>>({ secretKey: SECRET, ...lifetime });
  return () => {
    const context = sessions.open("");
    context.session["user"] = "ada";
    const commit = context.commit();
    if (commit instanceof Promise) throw new Error("Without a store nothing is waited for.");
    return commit.setCookie[0]?.split(";")[0] ?? "";
  };
}

/** Returns the bytes on the heap and in buffers, after a garbage collection. */
async function memory(): Promise<number> {
  // Waits for messages in flight.
  await sleep(1000);
  for (let i = 0; i < 3; i += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Opens sockets with a new session each. Reports when all are open and when all are closed. */
async function holdSockets(url: string, count: number, maxAge: number): Promise<void> {
  const makeCookie = cookieMaker(maxAge === 0 ? undefined : maxAge);
  const reasons = new Set<string>();
  let closed = 0;
  let latest = Number.NEGATIVE_INFINITY;
  const open = () => {
    const headers = { cookie: makeCookie() };
    const end = Math.floor(Date.now() / 1000) + maxAge;
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    socket.on("close", (code, reason) => {
      closed += 1;
      latest = Math.max(latest, Date.now() / 1000 - end);
      reasons.add(`${code} "${String(reason)}"`);
      if (closed === count) process.send?.({ at: Date.now(), latest, reasons: [...reasons] });
    });
    return once(socket, "open");
  };
  for (let i = 0; i < count; i += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - i) }, open));
  }
  process.send?.("open");
}
