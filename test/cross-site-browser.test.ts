import { createSessions, type SessionOptions } from "@galleta/session";
import { App, configure } from "galleta";
import { LiveServer } from "galleta/testing";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { makeCertificate, OPENSSL } from "./support/certificate.ts";
import { available } from "./support/require.ts";

const KEY = "a key for the tests of cross-site requests";

/**
 * A bank and a thief on two sites. The bank's cookie is SameSite=None, so that the browser sends it
 * along: only the check stops the thief.
 */
describe.runIf(available(CHROMIUM, OPENSSL))("two sites in a real browser", () => {
  let browser: Browser;
  let context: BrowserContext;
  let bank: LiveServer;
  let thief: LiveServer;
  let transfers: string[];
  let sockets: number;

  beforeAll(async () => {
    const tls = makeCertificate("bank.test", "thief.test", "evil.bank.test");
    bank = await LiveServer.start(makeBank(), { tls });
    const evil = new App();
    configure(evil, {});
    evil.route("/", (_, res) => {
      res.html = "<!doctype html><title>thief</title>";
    });
    thief = await LiveServer.start(evil, { tls });
    browser = await launchBrowser(["--host-resolver-rules=MAP *.test 127.0.0.1"]);
  });
  afterAll(async () => {
    await browser?.close();
    await bank?.close();
    await thief?.close();
  });
  beforeEach(async () => {
    [transfers, sockets] = [[], 0];
    context = await browser.newContext({ ignoreHTTPSErrors: true });
  });
  afterEach(() => context.close());

  function makeBank(): App<{ user: string }> {
    const app = new App<{ user: string }>();
    configure(app, { SESSIONS: { secretKey: KEY, sameSite: "none", httpsOnly: true } });
    app.route("/", (req, res) => {
      req.session.user = "ann";
      res.html = "<!doctype html><title>bank</title>";
    });
    app.route("/transfer", { methods: ["POST"] }, async (req, res) => {
      transfers.push(`${String(req.session.user)}: ${await req.text()}`);
      res.text = "done";
    });
    app.websocketRoute("/live", async (ws) => {
      sockets += 1;
      await ws.send(String(ws.session.user));
    });
    return app;
  }

  const at = (server: LiveServer, host: string) => `https://${host}:${server.port}`;

  async function open(url: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /** The thief's page, in a browser that is logged in at the bank. */
  async function lure(host = "thief.test"): Promise<Page> {
    await (await open(at(bank, "bank.test"))).close();
    return open(at(thief, host));
  }

  /** Sends a form as a page does, by navigation, and returns the status of the result. */
  async function sendForm(page: Page, action: string, type: string): Promise<number> {
    const answered = page.waitForResponse((response) => response.url() === action);
    await page.evaluate(
      ([to = "", enctype = ""]) => {
        const form = document.createElement("form");
        Object.assign(form, { method: "post", action: to, enctype });
        form.innerHTML = '<input name="amount" value="1000">';
        document.body.append(form);
        form.submit();
      },
      [action, type],
    );
    return (await answered).status();
  }

  const fetchFrom = (page: Page, url: string) =>
    page.evaluate(async (to) => {
      const init = {
        method: "POST",
        body: "1000",
        credentials: "include",
        mode: "no-cors",
      } as const;
      const response = await fetch(to, init);
      return response.type === "opaque" ? "opaque" : response.text();
    }, url);

  const socketFrom = (page: Page, url: string) =>
    page.evaluate(
      (to) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(to);
          socket.addEventListener("message", ({ data }) => resolve(`message ${data}`));
          socket.addEventListener("error", () => resolve("refused"));
        }),
      url.replace("https", "wss"),
    );

  it.each(["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])(
    "a form of its own page passes, one of another site is denied: %s",
    async (type) => {
      const transfer = `${at(bank, "bank.test")}/transfer`;
      expect(await sendForm(await lure(), transfer, type)).toBe(403);
      expect(transfers).toEqual([]);
      expect(await sendForm(await open(at(bank, "bank.test")), transfer, type)).toBe(200);
      expect(transfers).toEqual([expect.stringMatching(/^ann: [^]*1000/)]);
    },
  );

  it.each(["thief.test", "evil.bank.test"])("a fetch from %s is denied", async (host) => {
    const transfer = `${at(bank, "bank.test")}/transfer`;
    expect(await fetchFrom(await lure(host), transfer)).toBe("opaque");
    expect(transfers).toEqual([]);
    expect(await fetchFrom(await open(at(bank, "bank.test")), transfer)).toBe("done");
    expect(transfers).toEqual(["ann: 1000"]);
  });

  it.each(["thief.test", "evil.bank.test"])("a WebSocket from %s is denied", async (host) => {
    const live = `${at(bank, "bank.test")}/live`;
    expect(await socketFrom(await lure(host), live)).toBe("refused");
    expect(sockets).toBe(0);
    expect(await socketFrom(await open(at(bank, "bank.test")), live)).toBe("message ann");
  });
});

/** Our set-up throws for exactly the cookies that the browser drops. */
describe.runIf(available(CHROMIUM, OPENSSL))("cookies that a real browser keeps", () => {
  let browser: Browser;
  let server: LiveServer;
  let setCookie: string;

  beforeAll(async () => {
    const app = new App();
    configure(app, {});
    app.route("/", (_, res) => {
      res.headers.set("set-cookie", setCookie);
      res.text = "ok";
    });
    server = await LiveServer.start(app, { tls: makeCertificate("site.test") });
    browser = await launchBrowser(["--host-resolver-rules=MAP *.test 127.0.0.1"]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function keeps(line: string): Promise<boolean> {
    setCookie = line;
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    try {
      await (await context.newPage()).goto(`https://site.test:${server.port}/`);
      return (await context.cookies()).length === 1;
    } finally {
      await context.close();
    }
  }

  /** True if our options of the same meaning are accepted. */
  function accepts(options: Partial<SessionOptions>): boolean {
    try {
      createSessions({ secretKey: KEY, ...options });
      return true;
    } catch {
      return false;
    }
  }

  it.each<[string, string, Partial<SessionOptions>, boolean]>([
    [
      "__Host-",
      "__Host-s=1; Path=/; Secure; HttpOnly",
      { sessionCookie: "__Host-s", httpsOnly: true },
      true,
    ],
    ["__Host- without Secure", "__Host-s=1; Path=/", { sessionCookie: "__Host-s" }, false],
    [
      "__Host- with Domain",
      "__Host-s=1; Path=/; Secure; Domain=site.test",
      { sessionCookie: "__Host-s", httpsOnly: true, domain: "site.test" },
      false,
    ],
    [
      "__Host- with another Path",
      "__Host-s=1; Path=/app; Secure",
      { sessionCookie: "__Host-s", httpsOnly: true, path: "/app" },
      false,
    ],
    [
      "__host- in lower case, without Secure",
      "__host-s=1; Path=/",
      { sessionCookie: "__host-s" },
      false,
    ],
    [
      "__Secure-",
      "__Secure-s=1; Path=/; Secure",
      { sessionCookie: "__Secure-s", httpsOnly: true },
      true,
    ],
    ["__Secure- without Secure", "__Secure-s=1; Path=/", { sessionCookie: "__Secure-s" }, false],
    [
      "__Http-",
      "__Http-s=1; Path=/; Secure; HttpOnly",
      { sessionCookie: "__Http-s", httpsOnly: true },
      true,
    ],
    [
      "__Http- without Secure",
      "__Http-s=1; Path=/; HttpOnly",
      { sessionCookie: "__Http-s" },
      false,
    ],
    [
      "__Host-Http- with Domain",
      "__Host-Http-s=1; Path=/; Secure; HttpOnly; Domain=site.test",
      { sessionCookie: "__Host-Http-s", httpsOnly: true, domain: "site.test" },
      false,
    ],
    ["SameSite=None without Secure", "s=1; SameSite=None", { sameSite: "none" }, false],
    [
      "SameSite=None with Secure",
      "s=1; SameSite=None; Secure",
      { sameSite: "none", httpsOnly: true },
      true,
    ],
    ["Partitioned without Secure", "s=1; Partitioned", { partitioned: true }, false],
    [
      "Partitioned with Secure",
      "s=1; Partitioned; Secure; SameSite=None",
      { partitioned: true, httpsOnly: true, sameSite: "none" },
      true,
    ],
  ])("%s", async (_, line, options, kept) => {
    expect([await keeps(line), accepts(options)]).toEqual([kept, kept]);
  });

  it("4096 bytes of name and value, and not one more", async () => {
    expect(await keeps(`s=${"x".repeat(4095)}`)).toBe(true);
    expect(await keeps(`s=${"x".repeat(4096)}`)).toBe(false);
    const sessions = createSessions<{ text: string }>({ secretKey: KEY, sessionCookie: "s" });
    const commit = (characters: number) => {
      const context = sessions.open("");
      context.session.text = "x".repeat(characters);
      return context.commit();
    };
    // Every 4 characters carry 3 bytes, of which 70 are not JSON.
    const most = Math.floor((4095 * 3) / 4) - 70 - '{"text":""}'.length;
    const kept = await commit(most);
    expect(await keeps(kept.setCookie[0] ?? "")).toBe(true);
    expect(() => commit(most + 1)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_TOO_LARGE" }),
    );
  });
});
