// Runs the whole app of each adapter's page as it stands there, apart from its port.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { endsWithTest, killChild } from "./support/child.ts";
import { root } from "./support/doc-examples.ts";
import { freePort } from "./support/port.ts";

const folder = join(root, "test/.scratch/whole-apps");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The types of a login's body that the pages read. */
const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
interface Sent {
  readonly path?: string;
  readonly type: string;
  readonly body: string;
  /** The page and its heading, unless the page has the name of the app. */
  readonly page?: string;
  readonly heading?: string;
  /** The command that runs the app. Default: Node with tsx. */
  readonly command?: readonly string[];
}
const BIN = join(root, "test/runtimes/node_modules/.bin");
const onRuntime = (name: string, command: readonly string[]): Sent => ({
  type: FORM,
  body: "user=ann",
  page: "fetch",
  heading: `Login, message and sockets on ${name}`,
  command,
});
const BODIES: Readonly<Record<string, Sent>> = {
  express: { type: FORM, body: "user=ann" },
  fastify: { type: JSON_TYPE, body: '{"user":"ann"}' },
  hono: { type: FORM, body: "user=ann" },
  koa: { path: "/login?user=ann", type: FORM, body: "" },
  h3: { type: JSON_TYPE, body: '{"user":"ann"}' },
  node: { type: FORM, body: "user=ann" },
  bun: onRuntime("Bun", [join(BIN, "bun")]),
  deno: onRuntime("Deno", [join(BIN, "deno"), "run", "-A", "--node-modules-dir=manual"]),
};

const hasRuntimes = existsSync(join(BIN, "bun")) && existsSync(join(BIN, "deno"));
if (!hasRuntimes) {
  const message = "These tests need: npm run runtimes";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
}
const apps = Object.entries(BODIES).filter(([, { command }]) => hasRuntimes || !command);

describe.each(apps)("the app of the page for %s", (name, sent) => {
  const { path, type, body, page: pageName = name, command } = sent;
  const { heading = "Login, message and sockets" } = sent;
  let app: ChildProcess;
  let origin: string;

  beforeAll(async () => {
    const page = readFileSync(join(root, `docs/adapters/${pageName}.md`), "utf8");
    const [, code = ""] =
      new RegExp(`## ${heading}\n[^]*?\`\`\`ts\n([^]*?)\`\`\``).exec(page) ?? [];
    expect(code).toContain("8000");
    const port = await freePort();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.mts`), code.replace("8000", String(port)));
    const env = { ...process.env, SECRET_KEY: "a key of this test, of more than 32 characters" };
    const [program, ...args] = command ?? [process.execPath, "--import", "tsx"];
    const file = join(folder, `${name}.mts`);
    app = endsWithTest(spawn(program!, [...args, file], { env, stdio: "inherit" }));
    origin = `http://localhost:${port}`;
    await vi.waitFor(() => fetch(origin), { timeout: 60_000, interval: 100 });
  }, 90_000);
  afterAll(() => killChild(app));

  /** Sends a request of a page of the app; a body makes it a POST. */
  async function send(target: string, cookie: string, sent?: string, from = origin) {
    const headers = { cookie, origin: from, ...(sent && { "content-type": type }) };
    const init = sent === undefined ? {} : { method: "POST", body: sent };
    const response = await fetch(origin + target, { ...init, headers, redirect: "manual" });
    const [set] = response.headers.getSetCookie();
    const text = await response.text();
    return { status: response.status, text, cookie: set?.split(";")[0] ?? cookie };
  }

  const login = (from?: string) => send(path ?? "/login", "", body, from);
  const open = (cookie: string) =>
    new WebSocket(origin.replace("http", "ws"), { headers: { cookie, origin } });

  it("logs in, shows a message once, chats, and a logout closes the sockets", async () => {
    const stranger = open("");
    const [, denied] = (await once(stranger, "unexpected-response")) as [
      unknown,
      { statusCode: number },
    ];
    expect(denied.statusCode).toBe(401);
    stranger.on("error", () => {}).terminate();

    const first = await send("/", (await login()).cookie);
    expect(JSON.parse(first.text)).toEqual({ user: "ann", notice: "Welcome" });
    const { text, cookie } = await send("/", first.cookie);
    expect(JSON.parse(text)).toEqual({ user: "ann" });

    const tabs = [open(cookie), open(cookie)];
    await Promise.all(tabs.map((tab) => once(tab, "open")));
    const heard = tabs.map((tab) => once(tab, "message"));
    tabs[0]!.send("hello");
    expect((await Promise.all(heard)).map(([message]) => String(message))).toEqual([
      "ann: hello",
      "ann: hello",
    ]);

    const closed = tabs.map((tab) => once(tab, "close"));
    const logout = await send("/logout", cookie, "");
    expect((await Promise.all(closed)).map(([code, reason]) => [code, String(reason)])).toEqual([
      [1008, "session ended"],
      [1008, "session ended"],
    ]);
    expect(JSON.parse((await send("/", logout.cookie)).text)).toEqual({ notice: "Goodbye" });
  }, 60_000);

  it("denies a login that a page of another site sends", async () => {
    expect((await login("https://evil.example")).status).toBe(403);
  });
});
