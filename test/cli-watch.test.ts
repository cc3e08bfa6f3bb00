import { once } from "node:events";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CliBench, SECRET_KEY } from "./support/cli.ts";

let bench: CliBench;
beforeAll(() => {
  bench = new CliBench();
});
afterEach(() => bench.killAll());
afterAll(() => bench.end());

const APP = `
import { App, configure } from "galleta";
import { name } from "./parts/name.ts";
const app = new App();
configure(app, { SESSIONS: true });
app.route("/", (req, res) => { res.json = { name, extra: process.env.EXTRA ?? null }; });
app.websocketRoute("/feed", async (ws) => {
  await ws.send("hello");
  for await (const message of ws) void message;
});
export default app;
`;

const part = (name: string) => bench.file("parts/name.ts", `export const name = "${name}";\n`);
const serve = (...args: string[]) => {
  part("one");
  bench.file("parts/unused.ts", "export {};\n");
  return bench.serve([bench.file("app.ts", APP), "--watch", ...args], { env: { SECRET_KEY } });
};
const read = async (url: string) => (await (await fetch(url)).json()) as object;

it("restarts when a file changes that the app imports, and says so", async () => {
  const run = await serve();
  expect(await read(run.url)).toMatchObject({ name: "one" });
  const socket = new WebSocket(`${run.url.replace("http", "ws")}/feed`);
  const closed = once(socket, "close") as Promise<[code: number]>;
  await once(socket, "message");

  // A file of the folder that the app does not import.
  bench.file("parts/unused.ts", "export const changed = true;\n");
  part("two");
  expect((await closed)[0]).toBe(1001);
  expect(await run.listening(2)).toBe(run.url);
  expect(await read(run.url)).toMatchObject({ name: "two" });
  // Node says it, and names the command.
  expect(run.stdout.match(/^Restarting .*galleta\.js serve /gm)).toHaveLength(1);
  expect(run.stderr).toBe("");

  run.child.kill("SIGINT");
  expect(await run.ended).toEqual({ code: 0, signal: null });
});

it("restarts when a file changes in a package without a type, where files are ES modules too", async () => {
  const text = (name: string) => `export const name = await Promise.resolve("${name}");\n`;
  bench.file("plain/package.json", '{ "name": "plain" }\n');
  bench.file("plain/parts/name.ts", text("one"));
  const app = bench.file("plain/app.ts", APP);
  const run = await bench.serve([app, "--watch"], { env: { SECRET_KEY } });
  expect(await read(run.url)).toMatchObject({ name: "one" });
  bench.file("plain/parts/name.ts", text("two"));
  expect(await read(await run.listening(2))).toMatchObject({ name: "two" });
});

it("says what is wrong after a mistake, and continues when it is fixed", async () => {
  const run = await serve();
  bench.file("parts/name.ts", "export const name = ;\n");
  await run.until(
    "stderr",
    /^galleta: parts\/name\.ts:1: (?:Unexpected ";"|Expression expected)\.$/,
  );
  await run.until("stderr", /^The app starts again at the next change\.$/);
  part("three");
  expect(await read(await run.listening(2))).toMatchObject({ name: "three" });
});

it("restarts when an environment file changes", async () => {
  bench.file("watch.env", "EXTRA=before\n");
  const run = await serve("--env-file", "watch.env");
  expect(await read(run.url)).toMatchObject({ extra: "before" });
  bench.file("watch.env", "EXTRA=after\n");
  expect(await read(await run.listening(2))).toMatchObject({ extra: "after" });
});

it("waits for an app that is wrong from the start, but not for a missing file", async () => {
  bench.file("broken.ts", "export default 1;\n");
  const run = bench.run(["serve", "broken.ts", "--watch", "--port", "0"], { env: { SECRET_KEY } });
  await run.until("stderr", /is not an App/);
  part("four");
  bench.file("broken.ts", APP);
  expect(await read(await run.listening())).toMatchObject({ name: "four" });

  const missing = bench.run(["serve", "none.ts", "--watch"]);
  expect(await missing.ended).toEqual({ code: 1, signal: null });
  expect(missing.stderr).toBe("galleta: There is no file none.ts.\n");
});

it("leaves no process behind when the command is killed", async () => {
  const run = await serve();
  run.child.kill("SIGKILL");
  // Resolves when the last process that holds its output is gone.
  expect(await run.ended).toEqual({ code: null, signal: "SIGKILL" });
  await expect(fetch(run.url)).rejects.toThrow("fetch failed");
});
