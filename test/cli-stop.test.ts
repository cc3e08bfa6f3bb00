import { spawn } from "node:child_process";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CliBench, eventually, ROOT, SECRET_KEY } from "./support/cli.ts";

let bench: CliBench;
beforeAll(() => {
  bench = new CliBench();
});
afterEach(() => bench.killAll());
afterAll(() => bench.end());

const APP = `
import { App, configure } from "galleta";
export const app = new App();
configure(app, { SESSIONS: true });
app.on("startup", () => console.log("started"));
app.on("shutdown", () => console.log("shut down"));
app.route("/echo", { methods: ["POST"] }, async (req, res) => {
  console.log("view begins");
  res.text = await req.text();
});
app.websocketRoute("/feed", async (ws) => {
  await ws.send("hello");
  for await (const message of ws) await ws.send(message);
});
// Something that keeps a process from ending by itself, as a database client does.
setInterval(() => {}, 60_000);
`;
const env = { SECRET_KEY };
const serve = (...args: string[]) => bench.serve([bench.file("app.ts", APP), ...args], { env });

/** A request that stays in flight until its body ends. */
async function hold(run: { url: string } & Awaited<ReturnType<typeof serve>>) {
  const sent: ClientRequest = request(`${run.url}/echo`, { method: "POST" });
  const answer = once(sent, "response") as Promise<[IncomingMessage]>;
  answer.catch(() => undefined);
  sent.write("half ");
  await run.until("stdout", /^view begins$/);
  return { sent, answer };
}

async function connect(url: string) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/feed`);
  const closed = once(socket, "close") as Promise<[code: number, reason: Buffer]>;
  await once(socket, "message");
  return { socket, closed };
}

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("closes sockets with 1001, runs the shutdown and exits with 0", async () => {
    const run = await serve();
    const { closed } = await connect(run.url);
    run.child.kill(signal);
    const [code] = await closed;
    expect(code).toBe(1001);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout).toMatch(/^started\nListening on \S+\nSession inspector: \S+\nshut down\n$/);
  });

  it("lets a request in flight be answered", async () => {
    const run = await serve();
    const { sent, answer } = await hold(run);
    run.child.kill(signal);
    await run.until("stderr", /^Finishing the requests that are running/);
    sent.end("whole");
    const [response] = await answer;
    expect(response.statusCode).toBe(200);
    expect(await text(response)).toBe("half whole");
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout).toContain("shut down");
  });

  it("stops immediately when it comes a second time", async () => {
    const run = await serve();
    const { answer } = await hold(run);
    run.child.kill(signal);
    await run.until("stderr", /A second signal stops immediately/);
    run.child.kill(signal);
    expect(await run.ended).toEqual({ code: signal === "SIGINT" ? 130 : 143, signal: null });
    await expect(answer).rejects.toThrow();
  });

  it("ends an app that is still starting", async () => {
    const file = bench.file(
      "slow.ts",
      `console.log("loading");\nawait new Promise((done) => setTimeout(done, 1e9));\n${APP}`,
    );
    const run = bench.run(["serve", file], { env });
    await run.until("stdout", /^loading$/);
    run.child.kill(signal);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.output).toBe("loading\n");
  });
});

it("a request that takes longer than --grace is cut off", async () => {
  const run = await serve("--grace", "1");
  const { answer } = await hold(run);
  run.child.kill("SIGTERM");
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stderr).toContain("Requests that took longer than 1 s were cut off.");
  await expect(answer).rejects.toThrow();
});

it("no new connection is taken while the last requests are answered", async () => {
  const run = await serve();
  const { sent, answer } = await hold(run);
  run.child.kill("SIGTERM");
  await run.until("stderr", /^Finishing the requests/);
  await expect(fetch(`${run.url}/echo`, { method: "POST" })).rejects.toThrow();
  sent.end();
  expect((await answer)[0].statusCode).toBe(200);
  await run.ended;
});

it("SIGHUP reloads: requests in flight are answered, then new code serves the same address", async () => {
  const run = await serve();
  const { sent, answer } = await hold(run);
  bench.file("app.ts", APP.replace("res.text = await req.text()", 'res.text = "new code"'));
  run.child.kill("SIGHUP");
  sent.end("whole");
  expect(await text((await answer)[0])).toBe("half whole");
  expect(await run.listening(2)).toBe(run.url);
  const response = await fetch(`${run.url}/echo`, { method: "POST", body: "x" });
  expect(await response.text()).toBe("new code");
  expect(run.child.exitCode).toBeNull();
  run.child.kill("SIGTERM");
  expect(await run.ended).toEqual({ code: 0, signal: null });
});

it("ends with npx, which does not pass SIGTERM on", async () => {
  const { PATH = "", HOME = "" } = process.env;
  const file = bench.file("app.ts", APP);
  const args = ["galleta", "serve", file, "--port", "0"];
  const npx = spawn("npx", args, { cwd: ROOT, env: { PATH, HOME, ...env }, stdio: "pipe" });
  let output = "";
  npx.stdout.on("data", (data) => (output += String(data)));
  const ended = once(npx.stdout, "close");
  await eventually(() => Promise.resolve(output.includes("Listening on ")));
  const url = /Listening on (\S+)/.exec(output)![1]!;
  npx.kill("SIGTERM");
  // The output closes when the last process that holds it ends.
  await ended;
  expect(output).toContain("shut down");
  await expect(fetch(url)).rejects.toThrow();
});
