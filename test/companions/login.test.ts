// Runs the app of docs/login.md against a real provider, in Chromium.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHROMIUM, launchBrowser } from "../support/browser.ts";
import { OPENSSL } from "../support/certificate.ts";
import { available, command } from "../support/require.ts";
import {
  closedWith,
  isOpen,
  openSocket,
  startLoginBench,
  type LoginBench,
  type Told,
} from "./login-bench.ts";
import { REFUSED, tokenMaker, type Forged } from "./logout-token.ts";
import { isInstalled } from "./page-app.ts";

const needs = available(CHROMIUM, OPENSSL, command("redis-server", "redis-server"));

describe.runIf(needs && isInstalled("oidc-provider"))(
  "login with someone else",
  { timeout: 120_000 },
  () => {
    let bench: LoginBench;
    let browser: Browser;
    let context: BrowserContext;
    let issuer: string;
    let origins: LoginBench["origins"];

    beforeAll(async () => {
      bench = await startLoginBench();
      ({ issuer, origins } = bench);
      browser = await launchBrowser(["--ignore-certificate-errors"]);
    });

    afterAll(async () => {
      await browser?.close();
      await bench?.close();
    });

    beforeEach(async () => {
      context = await browser.newContext({ ignoreHTTPSErrors: true });
    });
    afterEach(() => context.close());

    const read = async (page: Page) => JSON.parse(await page.innerText("body")) as Told;

    /** Submits a form of the app's own page. */
    async function post(page: Page, path: string, origin = origins.lax): Promise<void> {
      await page.goto(origin);
      await page.setContent(`<form method="post" action="${path}"><button>Go</button></form>`);
      await page.click("button");
      await page.waitForLoadState();
    }

    async function nameSelf(page: Page, name: string): Promise<void> {
      await page.fill("input[name=name]", name);
      await page.click("button");
      await page.waitForLoadState();
    }

    async function login(page: Page, name: string): Promise<void> {
      await post(page, "/login");
      await nameSelf(page, name);
    }

    /** Begins a login without following its redirect. @returns the address at the provider */
    async function beginLogin(): Promise<string> {
      const { request } = context;
      const headers = { origin: origins.lax };
      const answer = await request.post(`${origins.lax}/login`, { headers, maxRedirects: 0 });
      expect(answer.status()).toBe(303);
      return answer.headers()["location"] ?? "";
    }

    test("logs in, under a new id and with the time of the proof", async () => {
      const address = await beginLogin();
      const page = await context.newPage();
      await page.goto(origins.lax);
      const before = await read(page);
      expect(before).toMatchObject({ user: null, pending: true });
      await page.goto(address);
      await nameSelf(page, "ana");
      const after = await read(page);
      expect(after).toMatchObject({ user: "ana", pending: false });
      expect(after.id).not.toBe(before.id);
      expect(Date.now() - Date.parse(after.proven ?? "")).toBeLessThan(600_000);
    });

    test("sends state, nonce and a challenge, and hides the verifier in the cookie", async () => {
      const asked = new URL(await beginLogin()).searchParams;
      for (const name of ["state", "nonce", "code_challenge"]) {
        expect(asked.get(name)).toMatch(/^[\w-]{43}$/);
      }
      expect(asked.get("code_challenge_method")).toBe("S256");
      const [cookie] = await context.cookies(origins.lax);
      const parts = cookie?.value.split(".") ?? [];
      const readable = parts.map((part) => Buffer.from(part, "base64url").toString("latin1"));
      expect(readable.join("")).not.toContain("verifier");
    });

    test("takes an answer once", async () => {
      const page = await context.newPage();
      const answers: string[] = [];
      page.on("request", (request) => {
        if (request.url().includes("/callback?")) answers.push(request.url());
      });
      await login(page, "ben");
      expect(answers).toHaveLength(1);
      const again = await page.goto(answers[0]!);
      expect(again?.status()).toBe(400);
      expect(await again?.text()).toBe("This login has ended. Begin it again.");
    });

    test("denies an answer that another browser got", async () => {
      const thief = await browser.newContext({ ignoreHTTPSErrors: true });
      const theirs = await thief.newPage();
      let answer = "";
      theirs.on("request", (request) => {
        if (request.url().includes("/callback?")) answer = request.url();
      });
      await login(theirs, "thief");
      await thief.close();
      expect(answer).toContain("code=");
      await beginLogin();
      const page = await context.newPage();
      expect((await page.goto(answer))?.status()).toBe(400);
      expect(await page.innerText("body")).toBe("OAUTH_INVALID_RESPONSE");
      await page.goto(origins.lax);
      expect(await read(page)).toMatchObject({ user: null, pending: false });
    });

    test("receives the answer of form_post by a form on its own origin", async () => {
      const page = await context.newPage();
      const posts: Promise<[string, string | undefined]>[] = [];
      page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (!pathname.startsWith("/callback")) return;
        posts.push(
          request
            .allHeaders()
            .then((headers) => [`${request.method()} ${pathname}`, headers["cookie"]]),
        );
      });
      await page.goto(`${await beginLogin()}&response_mode=form_post`);
      await nameSelf(page, "cleo");
      await page.waitForURL(`${origins.lax}/`);
      expect(await read(page)).toMatchObject({ user: "cleo", pending: false });
      expect(await Promise.all(posts)).toEqual([
        ["POST /callback", undefined],
        ["POST /callback/here", expect.stringContaining("session=")],
      ]);
    });

    test('comes back without its cookie with sameSite: "strict"', async () => {
      const page = await context.newPage();
      await post(page, "/login", origins.strict);
      await nameSelf(page, "dan");
      expect(await page.innerText("body")).toBe("This login has ended. Begin it again.");
    });

    test("denies a login that another site begins", async () => {
      const page = await context.newPage();
      await page.goto(`${issuer}/.well-known/openid-configuration`);
      await page.setContent(
        `<form method="post" action="${origins.lax}/login"><button>Go</button></form>`,
      );
      const answered = page.waitForResponse(`${origins.lax}/login`);
      await page.click("button");
      expect((await answered).status()).toBe(403);
    });

    test("logs out at the provider too, which then asks for the name again", async () => {
      const page = await context.newPage();
      await login(page, "eva");
      await post(page, "/login");
      // The provider remembers its user, and does not ask.
      expect(await read(page)).toMatchObject({ user: "eva" });
      await post(page, "/logout");
      await page.click("text=Log out");
      await page.waitForURL(`${origins.lax}/`);
      expect(await read(page)).toMatchObject({ user: null });
      await post(page, "/login");
      expect(await page.isVisible("input[name=name]")).toBe(true);
    });

    test("a logout at the provider ends only that session, with its sockets in another process", async () => {
      const elsewhere = await browser.newContext({ ignoreHTTPSErrors: true });
      const [page, theirs] = [await context.newPage(), await elsewhere.newPage()];
      await login(page, "fay");
      await login(theirs, "fay");
      const [socket, stays] = [
        await openSocket(context, origins.other),
        await openSocket(elsewhere, origins.other),
      ];
      const saved = await context.cookies(origins.lax);
      await page.goto(`${issuer}/session/end`);
      await page.click("text=Log out");
      expect(await closedWith(socket)).toBe("1008 session ended");
      await context.addCookies(saved);
      for (const origin of [origins.lax, origins.other]) {
        await page.goto(origin);
        expect(await read(page)).toMatchObject({ user: null });
      }
      expect(await isOpen(stays)).toBe(true);
      await theirs.goto(origins.lax);
      expect(await read(theirs)).toMatchObject({ user: "fay" });
      await elsewhere.close();
    });

    describe("a logout token", () => {
      const makeToken = (sid: string, forged: Forged) =>
        tokenMaker(issuer, bench.privateKey)(sid, forged);

      const send = async (token: string, headers: Record<string, string> = {}) => {
        const body = new URLSearchParams({ logout_token: token });
        const answer = await fetch(`${origins.lax}/backchannel-logout`, {
          method: "POST",
          headers,
          body,
        });
        expect(answer.headers.get("cache-control")).toBe("no-store");
        return answer.status;
      };

      test("is refused unless everything in it is right, and ends nothing", async () => {
        const page = await context.newPage();
        await login(page, "gil");
        const { sid = "" } = await read(page);
        const statuses: [string, number][] = [];
        for (const [what, forged] of REFUSED) {
          statuses.push([what, await send(makeToken(sid, forged()))]);
        }
        expect(statuses).toEqual(REFUSED.map(([what]) => [what, 400]));
        expect(await send("not a token")).toBe(400);
        await page.goto(origins.lax);
        expect(await read(page)).toMatchObject({ user: "gil" });
        // The same token, right in everything.
        expect(await send(makeToken(sid, {}))).toBe(200);
        await page.goto(origins.lax);
        expect(await read(page)).toMatchObject({ user: null });
      });

      test("is good once: sent again after the next login it ends nothing", async () => {
        const page = await context.newPage();
        await login(page, "gil");
        const { sid = "" } = await read(page);
        const token = makeToken(sid, {});
        expect(await send(token)).toBe(200);
        await post(page, "/login");
        // The provider remembers its user, so the new session has the same sid.
        expect(await read(page)).toMatchObject({ user: "gil", sid });
        expect(await send(token)).toBe(400);
        await page.goto(origins.lax);
        expect(await read(page)).toMatchObject({ user: "gil" });
      });

      test("without sid ends all sessions of its user", async () => {
        const elsewhere = await browser.newContext({ ignoreHTTPSErrors: true });
        const pages = [await context.newPage(), await elsewhere.newPage()];
        for (const page of pages) await login(page, "hal");
        expect(await send(makeToken("", { claims: { sub: "hal", sid: undefined } }))).toBe(200);
        for (const page of pages) {
          await page.goto(origins.lax);
          expect(await read(page)).toMatchObject({ user: null });
        }
        await elsewhere.close();
      });

      test("passes the check of cross-site requests, a form of another site does not", async () => {
        const token = makeToken("unknown", {});
        expect(await send(token, { origin: "https://evil.example" })).toBe(403);
        expect(await send(token)).toBe(200);
      });
    });
  },
);
