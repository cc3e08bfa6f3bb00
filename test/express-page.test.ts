// Runs the app of docs/adapters/express.md as it stands, apart from its port.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { root } from "./support/doc-examples.ts";
import { endsWithTest } from "./support/child.ts";

const folder = join(root, "test/.scratch/express-page");
let app: ReturnType<typeof spawn>;
let origin: string;

beforeAll(async () => {
  const page = readFileSync(join(root, "docs/adapters/express.md"), "utf8");
  const [, code = ""] = /## Login, message and sockets\n\n```ts\n([^]*?)```/.exec(page) ?? [];
  const listen = "server.listen(8000);";
  expect(code).toContain(listen);
  mkdirSync(folder, { recursive: true });
  const told = 'server.listen(0, "127.0.0.1", () => console.log(server.address().port));';
  writeFileSync(join(folder, "app.mjs"), code.replace(listen, told));
  const env = { ...process.env, SECRET_KEY: "a key of this test, of more than 32 characters" };
  app = endsWithTest(spawn(process.execPath, [join(folder, "app.mjs")], { env }));
  const [port] = (await once(app.stdout!, "data")) as [Buffer];
  origin = `http://127.0.0.1:${String(port).trim()}`;
}, 60_000);
afterAll(() => {
  app.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Sends a request of a page of the app; a body makes it a POST. */
async function send(path: string, cookie: string, body?: string) {
  const headers = { cookie, origin, "content-type": "application/x-www-form-urlencoded" };
  const init = body === undefined ? {} : { method: "POST", body };
  const response = await fetch(origin + path, { ...init, headers, redirect: "manual" });
  const [set] = response.headers.getSetCookie();
  return { text: await response.text(), cookie: set?.split(";")[0] ?? cookie };
}

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

  const login = await send("/login", "", "user=ann");
  const first = await send("/", login.cookie);
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
