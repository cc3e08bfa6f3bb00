// Runs the app of docs/login.md against a real provider, in Chromium.
import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CHROMIUM, launchBrowser } from "../support/browser.ts";
import { makeCertificate, OPENSSL } from "../support/certificate.ts";
import { freePort, RedisServer } from "../support/redis.ts";
import { NODE_24 } from "../support/node24.ts";
import { available, command } from "../support/require.ts";
import { isInstalled, startProgram, writePageApp } from "./page-app.ts";

const ENDING = `
import { createServer } from "node:http";
import { describe } from "@galleta/session";

app.get("/", (req, res) => {
  const { user = null, login } = req.session;
  res.json({ user, id: describe(req.session).id, pending: login !== undefined,
    proven: authenticatedAt(req.session) ?? null });
});
app.use((error, req, res, next) => res.status(400).send(error.code ?? error.message));
const { port, hostname } = new URL(ORIGIN);
createServer(app).listen(Number(port), hostname, () => process.send("listening"));
process.on("disconnect", () => process.exit(0));
`;

interface Told {
  readonly user: string | null;
  readonly id: string;
  readonly pending: boolean;
  readonly proven: string | null;
}

const needs = available(CHROMIUM, OPENSSL, command("redis-server", "redis-server"));

describe.runIf(needs && isInstalled("oidc-provider"))("login with someone else", () => {
  const folder = mkdtempSync(join(tmpdir(), "galleta-login-"));
  const children: ChildProcess[] = [];
  let redis: RedisServer;
  let browser: Browser;
  let context: BrowserContext;
  let issuer: string;
  /** The app, and the same with `sameSite: "strict"`. */
  let origins: { lax: string; strict: string };

  beforeAll(async () => {
    redis = await RedisServer.start();
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    issuer = `https://localhost:${ports[0]}`;
    origins = { lax: `http://127.0.0.1:${ports[1]}`, strict: `http://127.0.0.1:${ports[2]}` };
    const certificate = makeCertificate("localhost");
    const ca = join(folder, "ca.pem");
    writeFileSync(ca, certificate.cert);
    const clients = Object.entries(origins).map(([name, origin]) => ({
      client_id: name,
      client_secret: "a secret of the client, long enough",
      redirect_uris: [`${origin}/callback`],
      post_logout_redirect_uris: [origin],
    }));
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
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
    const strict = await writePageApp("login", ENDING, (code) =>
      code.replace("encrypt: true", 'encrypt: true, sameSite: "strict"'),
    );
    for (const [name, path] of [["lax", app] as const, ["strict", strict] as const]) {
      const env = {
        ORIGIN: origins[name],
        ISSUER: issuer,
        CLIENT_ID: name,
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

  test("takes the answer of form_post by a form of its own origin", async () => {
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
});
