import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { listen } from "./harnesses/listen.ts";
import type { Running } from "./harness.ts";
import { ask, Jar } from "./wire.ts";

const home = fileURLToPath(new URL("drop-in/", import.meta.url));
// Inside the repository, so that the app finds its packages.
const folder = mkdtempSync(join(home, "moved-"));
afterAll(() => rmSync(folder, { recursive: true }));

const IMPORT = 'import session from "@galleta/session/express-session";';
const OPTIONS = '({ secretKey: "a secret key of the new app, which is longer" })';

/** The app with the import and the set-up line changed. */
function move(name: string): string {
  const source = readFileSync(join(home, name), "utf8");
  const lines = source.split("\n").map((line) => {
    if (line.endsWith("// import")) return IMPORT;
    if (line.endsWith("// set-up")) return line.replace(/session\(\{.*?\}\)/, `session${OPTIONS}`);
    return line;
  });
  const changed = lines.filter((line, at) => line !== source.split("\n")[at]);
  expect(changed).toHaveLength(2);
  const file = join(folder, name);
  writeFileSync(file, lines.join("\n"));
  return file;
}

let running: Running | undefined;
afterEach(() => running?.close());

async function tellExpress(file: string): Promise<unknown[]> {
  const { app } = (await import(/* @vite-ignore */ file)) as { app: RequestListener };
  running = await listen(createServer(app));
  const { origin } = running;
  const jar = new Jar();
  const other = new Jar();
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const told: unknown[] = [];
  const tell = async (path: string, sent: Parameters<typeof ask>[2] = {}) => {
    const { status, headers, body } = await ask(origin, path, { jar, ...sent });
    told.push({ path, status, location: headers.location, body });
  };
  await tell("/");
  await tell("/views/a");
  await tell("/views/a");
  await tell("/views/b");
  await tell("/views/a", { jar: other });
  await tell("/same-id");
  await tell("/same-id");
  await tell("/login", { method: "POST", headers: form, body: "user=ana" });
  await tell("/");
  await tell("/views/a");
  await tell("/", { jar: other });
  await tell("/fails");
  await tell("/failed");
  await tell("/logout");
  await tell("/");
  await tell("/login", { method: "POST", headers: form, body: "user=eva" });
  await tell("/");
  await tell("/end");
  await tell("/");
  return told;
}

async function tellSockets(file: string): Promise<unknown[]> {
  const { server } = (await import(/* @vite-ignore */ file)) as { server: Server };
  running = await listen(server);
  const { origin } = running;
  const url = origin.replace("http", "ws");
  const jar = new Jar();
  const told: unknown[] = [];

  const open = () =>
    new Promise<WebSocket | string>((resolve) => {
      const headers = jar.header === "" ? {} : { cookie: jar.header };
      const ws = new WebSocket(url, { headers });
      ws.on("open", () => resolve(ws));
      ws.on("error", (error) => resolve(error.message));
    });
  const refused = await open();
  told.push(refused);
  told.push((await ask(origin, "/login?name=ana", { method: "POST", jar })).body);
  const ws = await open();
  if (typeof ws === "string") return [...told, ws];
  const heard = new Promise((resolve) => ws.once("message", (data) => resolve(String(data))));
  ws.send("hello");
  told.push(await heard);
  const closed = new Promise((resolve) => ws.once("close", () => resolve("closed")));
  told.push((await ask(origin, "/logout", { method: "DELETE", jar })).body, await closed);
  told.push(await open());
  return told;
}

describe("an app of express-session, with two lines changed", () => {
  it("gives the same answers", async () => {
    const before = await tellExpress(join(home, "express-app.mjs"));
    await running?.close();
    const after = await tellExpress(move("express-app.mjs"));
    expect(after).toEqual(before);
    expect(before).toContainEqual({
      path: "/",
      status: 200,
      location: undefined,
      body: "hello ana",
    });
  });

  it("gives the same answers with ws", async () => {
    const before = await tellSockets(join(home, "ws-app.mjs"));
    await running?.close();
    const after = await tellSockets(move("ws-app.mjs"));
    expect(after).toEqual(before);
    expect(before).toContain("user-ana said hello");
  });
});
