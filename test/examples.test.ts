import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { chat, startExample, visit, type Started } from "./support/example.ts";

// Runs the examples on the built packages (`npm run build`), like a user's copy of them.
const root = fileURLToPath(new URL("../examples/", import.meta.url));
const tsx = createRequire(import.meta.url).resolve("tsx");
const examples = readdirSync(root).filter((name) => /-(?:visits|chat)$/.test(name));

let started: Started | undefined;
afterEach(() => started?.stop());

it("has an example for every adapter", () => {
  expect(examples).toEqual([
    "crossws-chat",
    "express-visits",
    "fastify-visits",
    "fetch-visits",
    "h3-visits",
    "hono-visits",
    "koa-visits",
    "node-visits",
    "socket.io-chat",
    "ws-chat",
  ]);
});

it.each(examples)("examples/%s", async (name) => {
  started = await startExample(["--import", tsx, "server.ts"], `${root}${name}`);
  await visit(started.origin);
  if (name.endsWith("-chat")) await chat(started.origin, name.startsWith("socket.io"));
});
