// The app of docs/login.md in two processes, the same with `sameSite: "strict"`, and a provider.
import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { makeCertificate } from "../support/certificate.ts";
import { freePort } from "../support/port.ts";
import { RedisServer } from "../support/redis.ts";
import { NODE_24 } from "../support/node24.ts";
import { startProgram, writePageApp } from "./page-app.ts";

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

/** What the app tells about the session of a page. */
export interface Told {
  readonly user: string | null;
  readonly sid?: string;
  readonly id: string;
  readonly pending: boolean;
  readonly proven: string | null;
}

export interface LoginBench {
  readonly issuer: string;
  /** The provider's key, which signs its tokens. */
  readonly privateKey: KeyObject;
  readonly origins: { readonly lax: string; readonly other: string; readonly strict: string };
  close(): Promise<void>;
}

export async function startLoginBench(): Promise<LoginBench> {
  const folder = mkdtempSync(join(tmpdir(), "galleta-login-"));
  const children: ChildProcess[] = [];
  const redis = await RedisServer.start();
  const ports = await Promise.all(Array.from({ length: 4 }, freePort));
  const issuer = `https://localhost:${ports[0]}`;
  const [lax, other, strict] = ports.slice(1).map((port) => `http://127.0.0.1:${port}`);
  const origins = { lax: lax!, other: other!, strict: strict! };
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
  return {
    issuer,
    privateKey,
    origins,
    async close() {
      for (const child of children) child.kill();
      await redis.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Opens a socket of a page, and waits for its first message. */
export async function openSocket(of: BrowserContext, origin: string): Promise<Page> {
  const page = await of.newPage();
  await page.goto(origin);
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

export const closedWith = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { closedWith: Promise<string> }).closedWith);
export const isOpen = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { socket: WebSocket }).socket.readyState === 1);
