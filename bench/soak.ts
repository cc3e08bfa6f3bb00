// node --import tsx soak.ts [minutes]
//
// Runs a server while clients misbehave, for one minute or the given number: sockets that open and
// close, junk instead of frames, clients that do not read, uploads that break off. Its caches are
// filled first. Then the median of its memory in the second half is compared with the first half,
// since a full cache drops a whole generation at a time. Growth by more than a tenth is a failure.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { App, configure, serve } from "galleta";
import { WebSocket } from "ws";

const SECRET = "a secret of the benchmarks, longer than thirty-two";
/** How many clients of each kind run at the same time. */
const AT_ONCE = 4;
/** Enough sessions to fill the caches of tokens and of recent changes twice. */
const FILL = 25_000;
const SAMPLE_MS = 5000;
const MOST_GROWTH = 1.1;
const KEY = Buffer.from("sixteen bytes...").toString("base64");

interface Memory {
  /** Bytes of objects, and of buffers outside the heap, after a garbage collection. */
  readonly used: number;
  readonly rss: number;
}

const [argument = "1"] = process.argv.slice(2);
if (argument === "server") await runServer();
else await soak(Number(argument));

async function runServer(): Promise<void> {
  // Without this, the log about misbehaving clients would be measured too.
  console.error = () => undefined;
  const app = new App<{ visits: number }>();
  configure(app, { SESSIONS: { secretKey: SECRET, onEvent: () => undefined } });
  app.route("/", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json = { visits: req.session.visits };
  });
  app.route("/upload", { methods: ["POST"] }, async (req, res) => {
    res.json = { bytes: (await req.bytes()).length };
  });
  app.websocketRoute("/echo", async (ws) => {
    for await (const message of ws) await ws.send(message);
  });
  app.websocketRoute("/ticker", async (ws) => {
    while (!ws.signal.aborted) {
      void ws.send("x".repeat(4096));
      await sleep(1);
    }
  });
  const server = await serve(app, { port: 0 });
  process.send?.({ port: server.port });
  process.on("message", () => {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    process.send?.({ used: heapUsed + arrayBuffers, rss } satisfies Memory);
  });
}

async function soak(minutes: number): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const flags = ["--import", "tsx", "--expose-gc", "--max-old-space-size=256"];
  const server = fork(file, ["server"], { execArgv: flags });
  const [{ port }] = (await once(server, "message")) as [{ port: number }];
  const counts = new Map<string, number>();
  const run = async (
    name: string,
    client: (port: number) => Promise<void>,
    isOver: () => boolean,
  ) => {
    while (!isOver() && server.exitCode === null) {
      await client(port).catch(() => undefined);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  };
  const isFull = () => (counts.get("fill") ?? 0) >= FILL;
  await Promise.all(Array.from({ length: AT_ONCE * 4 }, () => run("fill", visit, isFull)));

  const until = performance.now() + minutes * 60_000;
  const isOver = () => performance.now() >= until;
  const clients = { visit, comeAndGo, junk, deaf, abortUpload, pings };
  const running = Object.entries(clients).flatMap(([name, client]) =>
    Array.from({ length: AT_ONCE }, () => run(name, client, isOver)),
  );
  const samples: Memory[] = [];
  while (!isOver()) {
    await sleep(SAMPLE_MS);
    samples.push(await memoryOf(server));
  }
  await Promise.all(running);
  // The server closes abandoned connections within seconds.
  await sleep(SAMPLE_MS);
  samples.push(await memoryOf(server));
  server.kill();

  const middle = Math.floor(samples.length / 2);
  const before = medianOf(samples.slice(0, middle));
  const after = medianOf(samples.slice(middle));
  console.log(`${minutes} min:`, Object.fromEntries(counts));
  console.log("median of the first half", inMegabytes(before), "of the second", inMegabytes(after));
  if (after.used > before.used * MOST_GROWTH) {
    console.error("The memory of the server has grown by more than a tenth.");
    process.exitCode = 1;
  }
}

function medianOf(samples: readonly Memory[]): Memory {
  const sorted = samples.toSorted((one, other) => one.used - other.used);
  const median = sorted[sorted.length >> 1];
  if (median === undefined) throw new Error("The soak was too short for two samples.");
  return median;
}

async function memoryOf(server: ChildProcess): Promise<Memory> {
  if (server.exitCode !== null) throw new Error(`The server ended (${server.exitCode}).`);
  server.send("memory");
  const [memory] = (await once(server, "message")) as [Memory];
  return memory;
}

function inMegabytes({ used, rss }: Memory): string {
  return `${(used / 1e6).toFixed(1)} MB (resident ${(rss / 1e6).toFixed(0)} MB)`;
}

async function visit(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  await response.arrayBuffer();
}

/** Opens and closes a normal socket. */
async function comeAndGo(port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
  await once(socket, "open");
  for (let index = 0; index < 10; index += 1) {
    socket.send("x".repeat(1000 * index));
    await once(socket, "message");
  }
  socket.close();
  await once(socket, "close");
}

/** Sends random bytes instead of frames. */
async function junk(port: number): Promise<void> {
  const socket = await openByHand(port, "/echo");
  socket.write(crypto.getRandomValues(new Uint8Array(2000)));
  await sleep(20);
  socket.destroy();
}

/** Does not read the messages that it gets. */
async function deaf(port: number): Promise<void> {
  const socket = await openByHand(port, "/ticker");
  socket.pause();
  await sleep(1000);
  socket.destroy();
}

/** Sends pings and does not read. */
async function pings(port: number): Promise<void> {
  const socket = await openByHand(port, "/echo");
  socket.pause();
  const frame = Buffer.concat([Buffer.from([0x89, 0xe4, 0, 0, 0, 0]), Buffer.alloc(100)]);
  socket.write(Buffer.concat(Array.from({ length: 2000 }, () => frame)));
  await sleep(100);
  socket.destroy();
}

async function abortUpload(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
  socket.write(Buffer.alloc(100_000));
  await sleep(20);
  socket.resetAndDestroy();
}

async function openByHand(port: number, path: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Key: ${KEY}`,
    "Sec-WebSocket-Version: 13",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await Promise.race([once(socket, "data"), once(socket, "close")]);
  return socket;
}
