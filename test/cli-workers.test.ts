import { get } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { once } from "node:events";
import { CliBench, eventually, isAlive, SECRET_KEY } from "./support/cli.ts";

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
app.route("/pid", (req, res) => { res.text = String(process.pid); });
app.route("/die", () => process.exit(3));
app.route("/publish", (req, res) => {
  process.send!({ galleta: "backplane", channel: "news", payload: { bytes: new Uint8Array([1, 2]) } });
  process.send!({ galleta: "backplane", channel: 7, payload: "malformed" });
  process.send!({ mine: "not for others" });
  res.text = String(process.pid);
});
app.websocketRoute("/feed", async (ws) => {
  await ws.send("hello");
  for await (const message of ws) void message;
});
process.on("message", (message) => {
  const { galleta, channel, payload } = message as Record<string, any>;
  if (galleta === "stop") return;
  console.log("heard", process.pid, galleta, channel, payload.bytes instanceof Uint8Array);
});
export default app;
`;
const env = { SECRET_KEY };

/** A new connection for every request, because the processes take turns by connection. */
function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => text(response).then(resolve, reject)).on(
      "error",
      reject,
    );
  });
}

/** The processes that answer: as many as there must be. */
async function workersOf(url: string, count: number): Promise<Set<number>> {
  const pids = new Set<number>();
  await eventually(async () => pids.add(Number(await ask(`${url}/pid`))).size === count);
  return pids;
}

const serve = (count: number) =>
  bench.serve([bench.file("app.ts", APP), "--workers", String(count)], { env });

it.each([
  ["SIGKILL", "SIGKILL"],
  ["SIGTERM", "exit code 0"],
])(
  "several workers answer on one port, and one that ends by %s is replaced",
  async (signal, how) => {
    const run = await serve(2);
    expect(run.stdout).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+\/? \(workers: 2\)\n$/);
    const [killed, stays] = [...(await workersOf(run.url, 2))] as [number, number];
    expect(killed).not.toBe(run.pid);

    process.kill(killed, signal);
    await run.until("stderr", new RegExp(`^A worker ended \\(${how}\\)\\.$`));
    for (let i = 0; i < 10; i += 1) {
      expect([stays, expect.any(Number)]).toContain(Number(await ask(`${run.url}/pid`)));
    }
    const after = await workersOf(run.url, 2);
    expect(after).toContain(stays);
    expect(after).not.toContain(killed);
  },
);

it("SIGTERM reaches every worker, and a socket is closed with 1001", async () => {
  const run = await serve(2);
  const workers = await workersOf(run.url, 2);
  const socket = new WebSocket(`${run.url.replace("http", "ws")}/feed`);
  const closed = once(socket, "close") as Promise<[code: number]>;
  await once(socket, "message");
  run.child.kill("SIGTERM");
  expect((await closed)[0]).toBe(1001);
  expect(await run.ended).toEqual({ code: 0, signal: null });
  for (const pid of workers) expect(isAlive(pid)).toBe(false);
});

it("a message of one worker reaches all others, even bytes, and nothing else does", async () => {
  const run = await serve(3);
  const workers = await workersOf(run.url, 3);
  const publisher = Number(await ask(`${run.url}/publish`));
  await run.until("stdout", /^heard .*$/, 2);
  // One more round, in which a third answer to the first message would arrive.
  const second = Number(await ask(`${run.url}/publish`));
  await run.until("stdout", /^heard .*$/, 4);
  const heard = run.stdout.match(/^heard .*$/gm) ?? [];
  const expected = (from: number) =>
    [...workers].filter((pid) => pid !== from).map((pid) => `heard ${pid} backplane news true`);
  expect(heard.toSorted()).toEqual([...expected(publisher), ...expected(second)].toSorted());
});

it("gives up on workers that die again and again", async () => {
  const run = await serve(1);
  let hasEnded = false;
  void run.ended.then(() => (hasEnded = true));
  await eventually(async () => {
    // With port 0 and no worker left, the next one has another port.
    const url = run.stdout.match(/http:\S+/g)?.at(-1) ?? run.url;
    await ask(`${url}/die`).catch(() => undefined);
    return hasEnded;
  });
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr.match(/^A worker ended \(exit code 3\)\.$/gm)).toHaveLength(6);
  expect(run.stderr).toMatch(/\ngalleta: Workers died too often within a minute\.\n$/);
});

it("workers do not outlive the first process", async () => {
  const run = await serve(2);
  await workersOf(run.url, 2);
  run.child.kill("SIGKILL");
  // The output ends when the last process that could write to it is gone.
  expect(await run.ended).toEqual({ code: null, signal: "SIGKILL" });
});

it.each([
  [
    "an app that throws",
    "throw new Error('no database');",
    /^galleta: bad\.ts:1: Error: no database/,
  ],
  [
    "an app that ends the process",
    "process.exit(3);",
    /^galleta: A worker ended \(exit code 3\)\.$/,
  ],
  ["an export that is not an App", "export default {};", /^galleta: .* is not an App/],
  ["a missing key", APP, /^galleta: .*SECRET_KEY/],
])("%s stops all workers with one line", async (_what, source, line) => {
  bench.file("bad.ts", source);
  const run = bench.run(["serve", "bad.ts", "--workers", "2", "--port", "0"]);
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr).toMatch(/^[^\n]+\n$/);
  expect(run.stderr.trim()).toMatch(line);
  expect(run.stdout).toBe("");
});

it("do not start with sessions that each worker would keep for itself", async () => {
  const app = `
import { App, configure, memoryStore } from "galleta";
const app = new App();
configure(app, { SESSIONS: { secretKey: process.env.SECRET_KEY!, store: memoryStore(), storage: "store" } });
export default app;
`;
  const file = bench.file("memory.ts", app);
  const run = bench.run(["serve", file, "--workers", "2", "--port", "0"], { env });
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr).toContain("memoryStore, but each of the 2 workers has its own");
  await bench.serve([file, "--workers", "1"], { env });
});

it("are replaced one by one at SIGHUP, without a request that fails", async () => {
  const run = await serve(2);
  const before = await workersOf(run.url, 2);
  let isReloading = true;
  const asking = (async () => {
    const answers: string[] = [];
    while (isReloading) answers.push(await ask(`${run.url}/pid`));
    return answers;
  })();
  run.child.kill("SIGHUP");
  await eventually(async () => ![...before].some(isAlive));
  isReloading = false;
  const answers = await asking;
  expect(answers.every((pid) => Number(pid) > 0)).toBe(true);
  const after = await workersOf(run.url, 2);
  expect([...after].some((pid) => before.has(pid))).toBe(false);
  expect(run.child.exitCode).toBeNull();
});
