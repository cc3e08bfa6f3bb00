// Runs the app of docs/passkeys.md, its page in Chromium with a virtual authenticator.
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHROMIUM, launchBrowser } from "../support/browser.ts";
import { freePort } from "../support/port.ts";
import { available } from "../support/require.ts";
import { blocksOf, isInstalled, startProgram, writePageApp } from "./page-app.ts";

/** Serves the page's script, and a clock that the test sets. */
const ENDING = `
import { destroy, describe } from "@galleta/session";

app.get("/", (req, res) => res.send("<!doctype html><title>Passkeys</title>"));
app.get("/me", (req, res) => res.json({ user: req.session.user ?? null, id: describe(req.session).id }));
app.post("/logout", (req, res) => {
  destroy(req.session);
  res.json({});
});
app.use((error, req, res, next) => res.status(error.status ?? 500).json({ message: error.message }));
const RealDate = Date;
let ahead = 0;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + ahead);
    else super(...args);
  }
  static now() {
    return RealDate.now() + ahead;
  }
};
process.on("message", (minutes) => {
  ahead = minutes * 60_000;
  process.send("set");
});
app.listen(Number(new URL(ORIGIN).port), "localhost", () => process.send("listening"));
process.on("disconnect", () => process.exit(0));
`;

const folder = fileURLToPath(new URL(".", import.meta.url));
const canRun = available(CHROMIUM) && isInstalled("@simplewebauthn/server");

describe.runIf(canRun)("passkeys and step-up", { timeout: 120_000 }, () => {
  let app: ChildProcess;
  let browser: Browser;
  let origin: string;
  let script: string;

  beforeAll(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const [contents = ""] = blocksOf("passkeys", "js");
    const { outputFiles } = await build({
      // The tests sign options and send the answer later, which the page never does.
      stdin: {
        contents: `${contents}\nexport const answer = (optionsJSON) => startAuthentication({ optionsJSON });`,
        resolveDir: folder,
      },
      bundle: true,
      write: false,
      format: "iife",
      globalName: "page",
    });
    script = outputFiles[0]!.text;
    const env = { ORIGIN: origin, SECRET_KEY: "a key for the app of the page about passkeys" };
    app = (await startProgram(await writePageApp("passkeys", ENDING), env)).child;
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    app?.kill();
  });
  beforeEach(() => setClock(0));

  /** Puts the app's clock ahead, in minutes. */
  async function setClock(minutes: number): Promise<void> {
    const done = new Promise((resolve) => app.once("message", resolve));
    app.send(minutes);
    await done;
  }

  /** A browser with its own authenticator. */
  async function openDevice(): Promise<{ context: BrowserContext; page: Page }> {
    const context = await browser.newContext();
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    await client.send("WebAuthn.enable");
    await client.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.goto(origin);
    await page.addScriptTag({ content: script });
    return { context, page };
  }

  interface Answer {
    readonly status: number;
    readonly body: Record<string, unknown>;
  }

  /** Asks the app as its page does. */
  const send = (page: Page, path: string, body: unknown = {}): Promise<Answer> =>
    page.evaluate(
      async ([path, body]) => {
        const headers = { "content-type": "application/json" };
        const response = await fetch(path, { method: "POST", headers, body });
        return { status: response.status, body: (await response.json()) as Answer["body"] };
      },
      [path, JSON.stringify(body)] as const,
    );

  const call = (page: Page, code: string) => page.evaluate(`page.${code}`);
  const me = (page: Page) =>
    page.evaluate(async () => (await (await fetch("/me")).json()) as { user: string; id: string });

  /** Signs options in the browser, without sending the answer. */
  const sign = (page: Page, options: unknown) => call(page, `answer(${JSON.stringify(options)})`);

  test("registers, logs out, and logs in under a new id", async () => {
    const { context, page } = await openDevice();
    expect(await call(page, 'register("ana")')).toEqual({ user: "ana" });
    const first = await me(page);
    expect(first.user).toBe("ana");
    await send(page, "/logout");
    expect((await me(page)).user).toBeNull();
    expect(await call(page, 'prove("/login")')).toEqual({ user: "ana" });
    const second = await me(page);
    expect(second.user).toBe("ana");
    expect(second.id).not.toBe(first.id);
    await context.close();
  });

  test("asks for the passkey before a sensitive action, if the last proof is over five minutes old", async () => {
    const { context, page } = await openDevice();
    await call(page, 'register("ben")');
    const { id } = await me(page);
    expect(await send(page, "/transfer", { amount: 1 })).toMatchObject({ status: 200 });
    await setClock(4);
    expect(await send(page, "/transfer", { amount: 2 })).toMatchObject({ status: 200 });
    await setClock(6);
    expect(await send(page, "/transfer", { amount: 3 })).toEqual({
      status: 401,
      body: { error: "insufficient_user_authentication" },
    });
    // Other pages still work.
    expect(await me(page)).toEqual({ user: "ben", id });
    expect(await call(page, "transfer(3)")).toEqual({ sent: 3, by: "ben" });
    expect((await me(page)).id).not.toBe(id);
    await setClock(10);
    expect(await send(page, "/transfer", { amount: 4 })).toMatchObject({ status: 200 });
    await context.close();
  });

  test("denies the action without a login", async () => {
    const { context, page } = await openDevice();
    expect(await send(page, "/transfer", { amount: 1 })).toMatchObject({ status: 401 });
    await context.close();
  });

  test("denies a proof by another account's passkey", async () => {
    const [ana, thief] = [await openDevice(), await openDevice()];
    await call(ana.page, 'register("cleo")');
    await call(thief.page, 'register("thief")');
    const { body: options } = await send(ana.page, "/step-up/options");
    const answer = await sign(thief.page, { ...options, allowCredentials: [] });
    expect(await send(ana.page, "/step-up", answer)).toMatchObject({ status: 400 });
    expect((await me(ana.page)).user).toBe("cleo");
    await ana.context.close();
    await thief.context.close();
  });

  describe("a challenge", () => {
    let context: BrowserContext;
    let page: Page;
    let count = 0;

    beforeEach(async () => {
      ({ context, page } = await openDevice());
      await call(page, `register("user ${count++}")`);
      return () => context.close();
    });

    test("accepts one answer, also with the cookie from before that answer", async () => {
      const { body: options } = await send(page, "/login/options");
      const cookies = await context.cookies();
      const answer = await sign(page, options);
      expect(await send(page, "/login", answer)).toMatchObject({ status: 200 });
      expect(await send(page, "/login", answer)).toMatchObject({ status: 400 });
      await context.clearCookies();
      await context.addCookies(cookies);
      expect(await send(page, "/login", answer)).toMatchObject({ status: 400 });
      expect((await me(page)).user).toBeNull();
    });

    test("is used up by a wrong answer", async () => {
      const { body: options } = await send(page, "/login/options");
      const cookies = await context.cookies();
      const answer = (await sign(page, options)) as { response: object };
      const wrong = { ...answer, response: { ...answer.response, signature: "AAAA" } };
      expect(await send(page, "/login", wrong)).toMatchObject({ status: 400 });
      expect(await send(page, "/login", answer)).toMatchObject({ status: 400 });
      await context.addCookies(cookies);
      expect(await send(page, "/login", answer)).toMatchObject({ status: 400 });
    });

    test("is valid for its own use only", async () => {
      const { body: options } = await send(page, "/login/options");
      expect(await send(page, "/step-up", await sign(page, options))).toMatchObject({
        status: 400,
      });
    });

    test("is valid for five minutes", async () => {
      const { body: options } = await send(page, "/login/options");
      const answer = await sign(page, options);
      await setClock(6);
      expect(await send(page, "/login", answer)).toMatchObject({ status: 400 });
    });

    test("of another session is rejected", async () => {
      const { body: options } = await send(page, "/login/options");
      const answer = await sign(page, options);
      const other = await openDevice();
      await send(other.page, "/login/options");
      expect(await send(other.page, "/login", answer)).toMatchObject({ status: 400 });
      await other.context.close();
    });
  });
});
