// The option `labels` with the parser of docs/signed-in.md: the page's own block, on a real server.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import express from "express";
import { createSessions, memoryStore, type CreateSessionsOptions } from "@galleta/session";
import { session } from "@galleta/session/express";
import { afterEach, describe, expect, it } from "vitest";
import { listen } from "../adapters/harnesses/listen.ts";
import type { Running } from "../adapters/harness.ts";
import { ask, Jar } from "../adapters/wire.ts";

const bowser = new URL("node_modules/bowser/bundled.js", import.meta.url);
const isInstalled = existsSync(bowser);
if (!isInstalled && process.env["CI"] === "true")
  throw new Error("npm run runtimes installs Bowser.");
if (!isInstalled) console.warn("skipped: `npm run runtimes` installs Bowser");

let running: Running | undefined;
afterEach(() => running?.close());

const AGENTS: readonly (readonly [label: string | undefined, agent: string | undefined])[] = [
  ["Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  [
    "Chrome on Android",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
  ],
  [
    "Safari on iOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  ],
  [
    "Microsoft Edge on Windows",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
  ],
  [undefined, "curl/8.5.0"],
  [undefined, "x".repeat(4000)],
  // Bowser throws for an empty text.
  [undefined, ""],
  [undefined, undefined],
];

/** Returns the options of the block on the page. */
async function optionsOfPage(): Promise<CreateSessionsOptions> {
  const { default: Bowser } = (await import(/* @vite-ignore */ bowser.href)) as { default: object };
  const page = readFileSync(new URL("../../docs/signed-in.md", import.meta.url), "utf8");
  const [, block] = /```ts\n(import Bowser[^]*?)```/.exec(page)!;
  const code = block!.replace(/^import .*$/m, "");
  let options: CreateSessionsOptions | undefined;
  const given = {
    Bowser,
    createSessions: (its: CreateSessionsOptions) => void (options = its),
    secretKey: "a secret key of the labels' tests, long enough",
    redisStore: () => memoryStore(),
    redis: undefined,
  };
  // eslint-disable-next-line no-new-func -- the code of our own page
  new Function(...Object.keys(given), code)(...Object.values(given));
  return options!;
}

describe.skipIf(!isInstalled)("labels by Bowser, as docs/signed-in.md has them", () => {
  it("name the browser and its system at the login, and nothing where neither is known", async () => {
    const sessions = createSessions(await optionsOfPage());
    const app = express().use(session(sessions));
    app.get("/login", (req, res) => {
      (req.session as { userId?: unknown }).userId = req.query["user"];
      res.end();
    });
    running = await listen(createServer(app));
    for (const [index, [label, agent]] of AGENTS.entries()) {
      const headers = agent === undefined ? {} : { "user-agent": agent };
      await ask(running.origin, `/login?user=${index}`, { jar: new Jar(), headers });
      const [listed] = await sessions.list(`${index}`);
      expect({ agent, label: listed?.label }).toEqual({ agent, label });
    }
  });
});
