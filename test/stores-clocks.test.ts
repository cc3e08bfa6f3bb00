import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliBench, type CliRun, eventually, SECRET_KEY } from "./support/cli.ts";
import { RedisServer } from "./support/redis.ts";
import { available, command } from "./support/require.ts";
import { ask, Jar, type Received } from "./adapters/wire.ts";

// Two servers with one Redis, the clock of one 90 seconds ahead: further than the 60 that a cookie
// of the other may lie in the future.

const APP = `
import { App, configure, destroy, renew, revokeOthers } from "galleta";
import { Redis } from "ioredis";
import { redisStore } from "@galleta/session/redis";
const client = new Redis(process.env.REDIS_URL!);
client.on("error", () => undefined);
const app = new App<{ user: string }>();
configure(app, {
  SESSIONS: { secretKey: process.env.SECRET_KEY, store: redisStore(client), subject: "user", onEvent() {} },
});
app.route("/now", (_req, res) => { res.json = Date.now(); });
app.route("/user", (req, res) => { res.json = req.session.user ?? null; });
app.route("/login", { methods: ["POST"] }, (req, res) => {
  renew(req.session);
  req.session.user = "ada";
  res.json = null;
});
app.route("/logout", { methods: ["POST"] }, (req, res) => {
  destroy(req.session);
  res.json = null;
});
app.route("/revoke", { methods: ["POST"] }, async (_req, res) => {
  await app.sessions.revokeAll("ada");
  res.json = null;
});
app.route("/elsewhere", { methods: ["POST"] }, async (req, res) => {
  await revokeOthers(req.session);
  res.json = null;
});
export default app;
`;

const AHEAD = 90;

/** What the command faketime sets before it starts a program; the program is ours to end then. */
function clockAhead(): Record<string, string> {
  const { stdout } = spawnSync("faketime", ["-f", "+0", "env"], { encoding: "utf8" });
  const [, library = ""] = /^LD_PRELOAD=(.*)$/m.exec(stdout) ?? [];
  return { LD_PRELOAD: library, FAKETIME: `+${AHEAD}`, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}

describe.runIf(available(command("redis-server", "redis-server"), command("faketime", "faketime")))(
  "two servers whose clocks are 90 seconds apart, with one Redis",
  () => {
    let bench: CliBench;
    let redis: RedisServer;
    let ahead: CliRun;
    let servers: { readonly right: string; readonly fast: string };
    beforeAll(async () => {
      bench = new CliBench();
      redis = await RedisServer.start();
      const env = { SECRET_KEY, REDIS_URL: redis.url };
      const file = bench.file("clocks.ts", APP);
      const right = await bench.serve([file], { env });
      const fast = await bench.serve([file], { env: { ...env, ...clockAhead() } });
      ahead = fast;
      servers = { right: right.url, fast: fast.url };
    });
    afterAll(async () => {
      // Killed, it would leave the shared memory of faketime behind.
      ahead.child.kill("SIGTERM");
      await ahead.ended;
      await bench.end();
      await redis.close();
    });

    const post = (url: string, path: string, jar?: Jar): Promise<Received> =>
      ask(url, path, { method: "POST", ...(jar && { jar }) });
    /** The user of a copy of the cookie. */
    const userOf = async (url: string, cookie: string) =>
      JSON.parse((await ask(url, "/user", { headers: { cookie } })).body) as string | null;
    /** A process learns of other processes' ends within a second. */
    const over = (url: string, cookie: string) =>
      eventually(async () => (await userOf(url, cookie)) === null);
    async function loginAt(url: string): Promise<Jar> {
      const jar = new Jar();
      expect((await post(url, "/login", jar)).status).toBe(200);
      expect(await userOf(url, jar.header)).toBe("ada");
      return jar;
    }

    it("have the clocks in the title", async () => {
      const nowAt = async (url: string) => Number((await ask(url, "/now")).body);
      const apart = (await nowAt(servers.fast)) - (await nowAt(servers.right));
      expect(Math.round(apart / 10_000)).toBe(AHEAD / 10);
    });

    describe.each([
      ["right", "fast"],
      ["fast", "right"],
    ] as const)("a session of the one that is %s", (own, other) => {
      it("is over if the other revokes all of its user", async () => {
        const jar = await loginAt(servers[own]);
        expect((await post(servers[other], "/revoke")).status).toBe(200);
        await over(servers[own], jar.header);
        await over(servers[other], jar.header);
        // No user is locked out: a later login works, on either clock.
        await loginAt(servers[own]);
        await loginAt(servers[other]);
      });

      it("is over if the other revokes those of other devices", async () => {
        const jar = await loginAt(servers[own]);
        const keeper = await loginAt(servers[other]);
        expect((await post(servers[other], "/elsewhere", keeper)).status).toBe(200);
        await over(servers[own], jar.header);
        expect(await userOf(servers[other], keeper.header)).toBe("ada");
      });
    });

    it("end sessions from the right clock by a logout on the fast one", async () => {
      const jar = await loginAt(servers.right);
      const cookie = jar.header;
      expect((await post(servers.fast, "/logout", jar)).status).toBe(200);
      await over(servers.right, cookie);
    });
  },
);
