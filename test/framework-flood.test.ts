import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CliBench, SECRET_KEY, type CliRun } from "./support/cli.ts";
import { handshakeHead } from "./support/handshake.ts";

let bench: CliBench;
beforeAll(() => {
  bench = new CliBench();
});
afterEach(() => bench.killAll());
afterAll(() => bench.end());

const APP = `
import { App, configure } from "galleta";
const app = new App();
configure(app, { SESSIONS: true });
app.route("/", (req, res) => { res.text = "alive"; });
app.websocketRoute("/ticker", async (ws) => {
  await ws.send("tick");
  await new Promise((resolve) => ws.signal.addEventListener("abort", resolve));
});
app.websocketRoute("/chatty", async (ws) => {
  await ws.accept();
  for (;;) {
    await new Promise(setImmediate);
    for (let index = 0; index < 16; index += 1) void ws.send("x".repeat(16384)).catch(() => {});
    if (ws.signal.aborted) return;
  }
});
app.websocketRoute("/brief", async (ws) => {
  await ws.accept();
  await ws.close();
});
export default app;
`;

/** A server that has 64 MB for its objects. */
const serve = () =>
  bench.serve([bench.file("flood.mjs", APP)], {
    env: { SECRET_KEY, NODE_OPTIONS: "--max-old-space-size=64" },
  });

/** Opens a socket by hand and never reads from it. */
async function openDeaf(run: { url: string }, path: string): Promise<Socket> {
  const port = Number(new URL(run.url).port);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(handshakeHead(port, {}, path));
  await once(socket, "data");
  socket.pause();
  return socket;
}

/** Writes as fast as the other side reads. Ends early if the other side closes. */
async function pour(socket: Socket, chunk: Buffer, times: number): Promise<void> {
  for (let index = 0; index < times && socket.writable; index += 1) {
    if (socket.write(chunk)) continue;
    const ended = new AbortController();
    const { signal } = ended;
    const drained = once(socket, "drain", { signal }).catch(() => undefined);
    await Promise.race([drained, once(socket, "close", { signal }).catch(() => undefined)]);
    ended.abort();
  }
}

/** A masked frame with a mask of zeros. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : Buffer.from([
          0x80 | opcode,
          0xff,
          0,
          0,
          0,
          0,
          0,
          length >> 16,
          (length >> 8) & 255,
          length & 255,
        ]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** "Normal closure" (RFC 6455 §7.4.1). */
const CLOSE_CODE = Buffer.from([0x03, 0xe8]);

async function isAlive(run: CliRun & { url: string }): Promise<boolean> {
  const response = await fetch(run.url).catch(() => undefined);
  return response?.status === 200 && run.child.exitCode === null;
}

describe("a process with a small heap survives", () => {
  it("a client that pings without end and reads nothing", async () => {
    const run = await serve();
    const socket = await openDeaf(run, "/ticker");
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => frame(9, Buffer.alloc(100))));
    await pour(socket, pings, 80);
    expect(await isAlive(run)).toBe(true);
    socket.destroy();
    // A client that reads gets its answers as before.
    const client = new WebSocket(`${run.url.replace("http", "ws")}/ticker`);
    await once(client, "open");
    client.ping("still there?");
    const [pong] = (await once(client, "pong")) as [Buffer];
    expect(String(pong)).toBe("still there?");
    client.terminate();
  }, 120_000);

  it("many clients that fill the queue of a view that only sends", async () => {
    const run = await serve();
    const sockets: Socket[] = [];
    const large = Buffer.concat([
      frame(1, Buffer.alloc(1024 * 1024 - 1, "x")),
      frame(1, Buffer.alloc(1024 * 1024, "x")),
    ]);
    for (let index = 0; index < 150 && (await isAlive(run)); index += 1) {
      const socket = await openDeaf(run, "/ticker");
      sockets.push(socket);
      socket.write(large);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await isAlive(run)).toBe(true);
    for (const socket of sockets) socket.destroy();
  }, 120_000);

  it("many clients that do not read what a view sends without awaiting", async () => {
    const run = await serve();
    const sockets: Socket[] = [];
    for (let index = 0; index < 40 && (await isAlive(run)); index += 1) {
      sockets.push(await openDeaf(run, "/chatty"));
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await isAlive(run)).toBe(true);
    for (const socket of sockets) socket.destroy();
  }, 120_000);

  it("clients that send a close frame over and over, and read nothing", async () => {
    const run = await serve();
    const closes = Buffer.concat(Array.from({ length: 10_000 }, () => frame(8, CLOSE_CODE)));
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openDeaf(run, "/ticker")));
    await Promise.all(sockets.map((socket) => pour(socket, closes, 20)));
    expect(await isAlive(run)).toBe(true);
    for (const socket of sockets) socket.destroy();
  }, 120_000);

  it("clients that never answer a close frame: their connection is broken", async () => {
    const run = await serve();
    const sockets = await Promise.all(Array.from({ length: 50 }, () => openDeaf(run, "/brief")));
    // They read, but write nothing: what ends the connection is the server.
    const ends = sockets.map((socket) => once(socket.resume(), "close"));
    await Promise.all(ends);
    expect(await isAlive(run)).toBe(true);
  }, 120_000);
});
