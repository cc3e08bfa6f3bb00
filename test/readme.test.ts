import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { ask, Jar } from "./adapters/wire.ts";
import { freePort } from "./support/port.ts";
import { endsWithTest } from "./support/child.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}.scratch/readme-${process.pid}`;
let app: ChildProcess;
let origin: string;

// On the published files, as a reader runs it. `npm test` builds them.
beforeAll(async () => {
  const readme = readFileSync(`${root}README.md`, "utf8");
  const example = /```js\n([^]*?)```/.exec(readme)![1]!;
  expect(example).toContain("app.listen(8000)");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/app.mjs`, example.replace("listen(8000)", "listen(process.env.PORT)"));
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    PORT: String(port),
    SECRET_KEY: "k".repeat(8) + "ey of the readme's test, long",
  };
  app = endsWithTest(
    spawn(process.execPath, [`${folder}/app.mjs`], {
      env,
      stdio: ["ignore", "inherit", "inherit"],
    }),
  );
  await vi.waitFor(() => ask(origin, "/"), { timeout: 20_000, interval: 100 });
});

afterAll(() => {
  app.kill();
  rmSync(folder, { recursive: true, force: true });
});

test("the first example of the README counts visits, and a socket has the same session", async () => {
  const jar = new Jar();
  await ask(origin, "/", { jar });
  expect((await ask(origin, "/", { jar })).body).toBe("You were here 2 times.");
  const socket = new WebSocket(origin.replace("http", "ws"), {
    headers: { cookie: jar.header, origin },
  });
  const [message] = (await once(socket, "message")) as [Buffer];
  expect(message.toString()).toBe("You were here 2 times.");
  socket.close();
});

test("the first example of the README denies a socket of another site", async () => {
  const socket = new WebSocket(origin.replace("http", "ws"), {
    headers: { origin: "http://127.0.0.1:1" },
  });
  const [error] = (await once(socket, "error")) as [Error];
  expect(error.message).toContain("403");
});
