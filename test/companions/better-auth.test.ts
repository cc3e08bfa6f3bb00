import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ask, Jar } from "../adapters/wire.ts";
import { RedisServer } from "../support/redis.ts";

const folder = new URL(".", import.meta.url);
const isInstalled = existsSync(new URL("node_modules/better-auth", folder));
if (!isInstalled && process.env["CI"] === "true")
  throw new Error("npm run runtimes installs better-auth.");
if (!isInstalled) console.warn("skipped: `npm run runtimes` installs better-auth");

/** A process of the app. */
async function startApp(
  env: Record<string, string>,
): Promise<{ origin: string; child: ChildProcess }> {
  const child = fork(new URL("better-auth.mjs", folder), { env: { ...process.env, ...env } });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return { origin: `http://127.0.0.1:${port}`, child };
}

describe.skipIf(!isInstalled)("an app of better-auth in two processes", () => {
  const temporary = mkdtempSync(join(tmpdir(), "galleta-better-auth-"));
  const origins: string[] = [];
  const children: ChildProcess[] = [];
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const env = { DATABASE: join(temporary, "auth.db"), REDIS_URL: redis.url };
    for (const MIGRATE of ["1", "0"]) {
      const { origin, child } = await startApp({ ...env, MIGRATE });
      origins.push(origin);
      children.push(child);
    }
  });

  afterAll(async () => {
    for (const child of children) child.kill();
    await redis.close();
    rmSync(temporary, { recursive: true, force: true });
  });

  async function post(at: number, path: string, jar: Jar, body: object = {}) {
    const origin = origins[at]!;
    const headers = { "content-type": "application/json", origin };
    const sent = { method: "POST", headers, jar, body: JSON.stringify(body) };
    const { status } = await ask(origin, `/api/auth/${path}`, sent);
    return status;
  }

  /** A device that signed in, and its socket at one of the processes. */
  async function signIn(at: number, email: string) {
    const jar = new Jar();
    expect(await post(at, "sign-in/email", jar, { email, password: "correct horse" })).toBe(200);
    const socket = new WebSocket(origins[at]!.replace("http", "ws"), {
      headers: { cookie: jar.header },
    });
    const closed = once(socket, "close").then(([code, reason]) => `${code} ${reason}`);
    await once(socket, "open");
    const whose = async () => {
      socket.send("who");
      return String(((await once(socket, "message")) as [Buffer])[0]);
    };
    return { jar, socket, closed, whose };
  }

  async function signUp(email: string) {
    const account = { email, password: "correct horse", name: email };
    expect(await post(0, "sign-up/email", new Jar(), account)).toBe(200);
  }

  test("revokeOtherSessions closes the other device's socket, though its cookie is cached", async () => {
    await signUp("ana@example.com");
    const [here, there] = [await signIn(0, "ana@example.com"), await signIn(1, "ana@example.com")];
    expect(await there.whose()).toBe("ana@example.com");
    expect(await post(0, "revoke-other-sessions", here.jar)).toBe(200);
    expect(await there.closed).toBe("1008 session ended");
    expect(await here.whose()).toBe("ana@example.com");
    here.socket.close();
  });

  test("signing out closes the sockets of that session in both processes", async () => {
    await signUp("ben@example.com");
    const { jar, closed } = await signIn(1, "ben@example.com");
    expect(await post(0, "sign-out", jar)).toBe(200);
    expect(await closed).toBe("1008 session ended");
  });
});
