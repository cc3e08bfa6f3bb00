// A deployment changes domain, path or Partitioned of the cookie, under the eyes of a real browser.
import { destroy, renew, type SessionOptions } from "@galleta/session";
import { App, configure } from "galleta";
import { LiveServer } from "galleta/testing";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CHROMIUM, launchBrowser } from "./support/browser.ts";
import { makeCertificate, OPENSSL } from "./support/certificate.ts";
import { available } from "./support/require.ts";

const HOST = "app.shop.test";
const KEY = "a key for the tests of changed attributes";
const METHODS = { methods: ["POST"] } as const;

type Options = Partial<SessionOptions>;
type Data = { user: string; visits: number };

function makeApp(options: Options): App<Data> {
  const app = new App<Data>();
  configure(app, { SESSIONS: { secretKey: KEY, onEvent: () => {}, ...options } });
  app.route("/app/", (req, res) => {
    res.json = { user: req.session.user ?? null, cookie: req.headers.get("cookie") };
  });
  app.route("/app/login", METHODS, (req, res) => {
    renew(req.session);
    req.session.user = req.query.get("user") ?? "";
    res.redirect("/app/", 303);
  });
  app.route("/app/visit", METHODS, (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.redirect("/app/", 303);
  });
  app.route("/app/logout", METHODS, (req, res) => {
    destroy(req.session);
    res.redirect("/app/", 303);
  });
  return app;
}

/** What was set before, and what is set now. */
const CHANGES: [title: string, before: Options, after: Options][] = [
  ["host-only to a domain", {}, { domain: "shop.test" }],
  ["a domain to host-only", { domain: "shop.test" }, {}],
  ["a path to a longer one", { path: "/" }, { path: "/app" }],
  ["a path to a shorter one", { path: "/app" }, { path: "/" }],
  ["to Partitioned", {}, { partitioned: true }],
  ["from Partitioned", { partitioned: true }, {}],
  ["all three", { domain: "shop.test", path: "/", partitioned: true }, { path: "/app" }],
];

const formerly = ({ domain, path, partitioned }: Options) => ({
  formerly: [
    { ...(domain && { domain }), ...(path && { path }), ...(partitioned && { partitioned }) },
  ],
});

describe.runIf(available(CHROMIUM, OPENSSL))(
  "a change of the cookie's attributes",
  { timeout: 120_000 },
  () => {
    const servers: LiveServer[] = [];
    let tls: { cert: string; key: string };
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;

    beforeAll(async () => {
      tls = makeCertificate(HOST);
      browser = await launchBrowser(["--host-resolver-rules=MAP *.test 127.0.0.1"]);
    });
    afterAll(() => browser?.close());
    beforeEach(async () => {
      context = await browser.newContext({ ignoreHTTPSErrors: true });
      page = await context.newPage();
    });
    afterEach(async () => {
      await context.close();
      for (const server of servers.splice(0)) await server.close();
    });

    /** A deployment. Cookies know no ports, so each may have its own. */
    async function deploy(options: Options): Promise<string> {
      const server = await LiveServer.start(makeApp({ httpsOnly: true, ...options }), { tls });
      servers.push(server);
      return `https://${HOST}:${server.port}`;
    }

    /** Asks as a page of that origin does. */
    async function send(method: string, origin: string, path: string): Promise<string> {
      if (!page.url().startsWith(origin)) await page.goto(`${origin}/app/`);
      const init = { method };
      return page.evaluate(async ([to, init]) => (await fetch(to, init)).text(), [
        path,
        init,
      ] as const);
    }
    const post = (origin: string, path: string) => send("POST", origin, path);

    async function read(origin: string): Promise<{ user: string | null; cookies: number }> {
      const told = JSON.parse(await send("GET", origin, "/app/")) as Record<string, string>;
      return { user: told["user"] ?? null, cookies: told["cookie"]?.split("; ").length ?? 0 };
    }

    describe.each(CHANGES)("%s", (_, before, after) => {
      it("and back keeps the login, with one cookie if formerly names the old attributes", async () => {
        const old = await deploy(before);
        const now = await deploy({ ...after, ...formerly(before) });
        const again = await deploy({ ...before, ...formerly(after) });
        await post(old, "/app/login?user=ana");
        for (const origin of [now, again]) {
          await post(origin, "/app/visit");
          expect(await read(origin)).toEqual({ user: "ana", cookies: 1 });
        }
        await post(again, "/app/logout");
        expect(await read(again)).toEqual({ user: null, cookies: 0 });
        expect(await read(now)).toEqual({ user: null, cookies: 0 });
      });

      it("keeps users logged in without formerly, and a logout is final", async () => {
        const [old, now] = [await deploy(before), await deploy(after)];
        await post(old, "/app/login?user=ana");
        await post(now, "/app/login?user=ben");
        expect(await read(now)).toEqual({ user: "ben", cookies: 2 });
        await post(now, "/app/visit");
        expect(await read(now)).toEqual({ user: "ben", cookies: 1 });
        await post(now, "/app/logout");
        expect(await read(now)).toEqual({ user: null, cookies: 0 });
        expect(await read(old)).toEqual({ user: null, cookies: 0 });
      });
    });
  },
);
