// Runs the app of docs/login.md against a real provider, in Chromium.
import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHROMIUM, launchBrowser } from "../support/browser.ts";
import { makeCertificate, OPENSSL } from "../support/certificate.ts";
import { freePort } from "../support/port.ts";
import { RedisServer } from "../support/redis.ts";
import { NODE_24 } from "../support/node24.ts";
import { available, command } from "../support/require.ts";
import { isInstalled, startProgram, writePageApp } from "./page-app.ts";

const ENDING = `
import { createServer } from "node:http";
import { describe } from "@galleta/session";
import { session as sockets } from "@galleta/session/ws";
import { WebSocketServer } from "ws";

app.get("/", (req, res) => {
  const { user = null, login, oidc } = req.session;
  res.json({ user, sid: oidc?.sid, id: describe(req.session).id, pending: login !== undefined,
    proven: authenticatedAt(req.session) ?? null });
});
app.use((error, req, res, next) => res.status(400).send(error.code ?? error.message));
const { port, hostname } = new URL(ORIGIN);
const server = createServer(app);
const wss = new WebSocketServer({ noServer: true });
server.on("upgrade", sockets(sessions)(wss));
wss.on("connection", (ws) => ws.send("open"));
server.listen(Number(port), hostname, () => process.send("listening"));
process.on("disconnect", () => process.exit(0));
`;

interface Told {
  readonly user: string | null;
  readonly sid?: string;
  readonly id: string;
  readonly pending: boolean;
  readonly proven: string | null;
}

const needs = available(CHROMIUM, OPENSSL, command("redis-server", "redis-server"));

describe.runIf(needs && isInstalled("oidc-provider"))(
  "login with someone else",
  { timeout: 120_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "galleta-login-"));
    const children: ChildProcess[] = [];
    let redis: RedisServer;
    let browser: Browser;
    let context: BrowserContext;
    let issuer: string;
    let privateKey: KeyObject;
    /** The app in two processes, and the same with `sameSite: "strict"`. */
    let origins: { lax: string; other: string; strict: string };

    beforeAll(async () => {
      redis = await RedisServer.start();
      const ports = await Promise.all(Array.from({ length: 4 }, freePort));
      issuer = `https://localhost:${ports[0]}`;
      const [lax, other, strict] = ports.slice(1).map((port) => `http://127.0.0.1:${port}`);
      origins = { lax: lax!, other: other!, strict: strict! };
      const certificate = makeCertificate("localhost");
      const ca = join(folder, "ca.pem");
      writeFileSync(ca, certificate.cert);
      const clients = (["lax", "strict"] as const).map((name) => ({
        client_id: name,
        client_secret: "a secret of the client, long enough",
        redirect_uris: [`${origins[name]}/callback`],
        post_logout_redirect_uris: [origins[name]],
        ...(name === "lax" && {
          backchannel_logout_uri: `${origins.lax}/backchannel-logout`,
          backchannel_logout_session_required: true,
        }),
      }));
      ({ privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 }));
      const key = { ...privateKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "RS256" };
      const provider = {
        PORT: String(ports[0]),
        CERT: certificate.cert,
        KEY: certificate.key,
        JWKS: JSON.stringify({ keys: [key] }),
        CLIENTS: JSON.stringify(clients),
      };
      const at = fileURLToPath(new URL("oidc-provider.mjs", import.meta.url));
      // The provider asks for a newer Node than the oldest that we run on.
      children.push((await startProgram(at, provider, { execPath: NODE_24 })).child);
      const app = await writePageApp("login", ENDING);
      const strictApp = await writePageApp("login", ENDING, (code) =>
        code.replace("encrypt: true", 'encrypt: true, sameSite: "strict"'),
      );
      const started = [
        ["lax", origins.lax, app],
        ["lax", origins.other, app],
        ["strict", origins.strict, strictApp],
      ] as const;
      for (const [client, origin, path] of started) {
        const env = {
          ORIGIN: origin,
          ISSUER: issuer,
          CLIENT_ID: client,
          CLIENT_SECRET: "a secret of the client, long enough",
          SECRET_KEY: "a key for the app of the page about logins",
          REDIS_URL: redis.url,
          NODE_EXTRA_CA_CERTS: ca,
        };
        children.push((await startProgram(path, env)).child);
      }
      browser = await launchBrowser(["--ignore-certificate-errors"]);
    });

    afterAll(async () => {
      await browser?.close();
      for (const child of children) child.kill();
      await redis?.close();
      rmSync(folder, { recursive: true, force: true });
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

    /** A socket of a page at the other process. */
    async function openSocket(of: BrowserContext): Promise<Page> {
      const page = await of.newPage();
      await page.goto(origins.other);
      const first = await page.evaluate(
        () =>
          new Promise<string>((resolve) => {
            const socket = new WebSocket(`ws://${location.host}/`);
            const closed = new Promise<string>((end) => {
              socket.addEventListener("close", ({ code, reason }) => end(`${code} ${reason}`));
            });
            Object.assign(globalThis, { socket, closedWith: closed });
            socket.addEventListener("message", ({ data }) => resolve(String(data)));
            void closed.then(resolve);
          }),
      );
      expect(first).toBe("open");
      return page;
    }
    const closedWith = (page: Page) =>
      page.evaluate(() => (globalThis as unknown as { closedWith: Promise<string> }).closedWith);
    const isOpen = (page: Page) =>
      page.evaluate(() => (globalThis as unknown as { socket: WebSocket }).socket.readyState === 1);

    test("a logout at the provider ends only that session, with its sockets in another process", async () => {
      const elsewhere = await browser.newContext({ ignoreHTTPSErrors: true });
      const [page, theirs] = [await context.newPage(), await elsewhere.newPage()];
      await login(page, "fay");
      await login(theirs, "fay");
      const [socket, stays] = [await openSocket(context), await openSocket(elsewhere)];
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
      const EVENTS = { "http://schemas.openid.net/event/backchannel-logout": {} };
      const RS256 = { alg: "RS256", kid: "k1", typ: "logout+jwt" };
      const now = () => Math.floor(Date.now() / 1000);
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

      interface Forged {
        readonly header?: object;
        readonly claims?: Record<string, unknown>;
        readonly key?: KeyObject;
      }

      function makeToken(
        sid: string,
        { header = {}, claims = {}, key = privateKey }: Forged,
      ): string {
        const genuine = {
          iss: issuer,
          aud: "lax",
          sub: "gil",
          sid,
          jti: randomUUID(),
          events: EVENTS,
        };
        const payload = { ...genuine, iat: now(), exp: now() + 120, ...claims };
        const signed = `${encode({ ...RS256, ...header })}.${encode(payload)}`;
        return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
      }

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

      const { privateKey: foreignKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

      const REFUSED: [what: string, forged: () => Forged][] = [
        ["signed by another key", () => ({ key: foreignKey })],
        ["without a signature", () => ({ header: { alg: "none" } })],
        ["of another provider", () => ({ claims: { iss: "https://evil.example" } })],
        ["for another app", () => ({ claims: { aud: "strict" } })],
        ["that is an ID token", () => ({ header: { typ: "JWT" } })],
        ["without the event", () => ({ claims: { events: {} } })],
        ["without events", () => ({ claims: { events: undefined } })],
        ["with a nonce", () => ({ claims: { nonce: "n" } })],
        ["without iat", () => ({ claims: { iat: undefined } })],
        ["ten minutes old", () => ({ claims: { iat: now() - 600 } })],
        ["from the future", () => ({ claims: { iat: now() + 600, exp: now() + 900 } })],
        ["past its end", () => ({ claims: { exp: now() - 60 } })],
        ["without jti", () => ({ claims: { jti: undefined } })],
        ["without sid and sub", () => ({ claims: { sid: undefined, sub: undefined } })],
      ];

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
