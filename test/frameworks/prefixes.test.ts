import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { ask } from "../adapters/wire.ts";
import { killChild } from "../support/child.ts";
import { isInstalled, spawnProgram } from "./column.ts";

/** Posts from another site to /api/hook, of an app that exempts a path. @returns the status */
async function post(framework: string, exempt: string): Promise<number> {
  const runtime = framework === "elysia" ? "bun" : "node";
  const app = spawnProgram(runtime, "servers/prefixes.mjs", framework, exempt);
  onTestFinished(() => killChild(app));
  const [port] = (await once(app.stdout, "data")) as [Buffer];
  const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  const sent = { method: "POST", headers };
  return (await ask(`http://127.0.0.1:${String(port).trim()}`, "/api/hook", sent)).status;
}

describe.runIf(isInstalled()).each([
  ["a global prefix of Nest on Express", "nest-express", 201],
  ["a global prefix of Nest, with the middleware of a module", "nest-module", 201],
  ["a global prefix of Nest on Fastify", "nest-fastify", 201],
  ["a prefix of Elysia", "elysia", 200],
])("with %s, csrf.exempt", (_name, framework, ok) => {
  it("takes the whole path", async () => {
    expect(await post(framework, "/api/hook")).toBe(ok);
  });

  it("does not take the path without the prefix", async () => {
    expect(await post(framework, "/hook")).toBe(403);
  });
});
