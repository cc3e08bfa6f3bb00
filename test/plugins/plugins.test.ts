// The plugins that apps have, unchanged, on the library that they were written for and on ours: the same
// requests, the same answers.
import { existsSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { listen } from "../adapters/harnesses/listen.ts";
import type { Running } from "../adapters/harness.ts";
import { ask, Jar } from "../adapters/wire.ts";

const isInstalled = existsSync(new URL("node_modules/passport", import.meta.url));
if (!isInstalled && process.env["CI"] === "true")
  throw new Error("npm run runtimes installs Passport.");
if (!isInstalled) console.warn("skipped: `npm run runtimes` installs Passport");

const load = async (name: string): Promise<Record<string, (...args: unknown[]) => unknown>> =>
  import(/* @vite-ignore */ new URL(name, import.meta.url).href);

let running: Running | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

type Step = readonly [method: string, path: string, body?: string];
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** What an app answers to the steps, one after another. */
async function answersOf(server: Server, steps: readonly Step[]): Promise<unknown[]> {
  running = await listen(server);
  const { origin } = running;
  const jar = new Jar();
  const answers: unknown[] = [];
  for (const [method, path, body] of steps) {
    const sent = body === undefined ? { method, jar } : { method, jar, body, headers: FORM };
    const got = await ask(origin, path, sent);
    answers.push({ path, status: got.status, location: got.headers.location, body: got.body });
  }
  await running.close();
  running = undefined;
  return answers;
}

const RIGHT = "username=ana&password=correct+horse";
const WRONG = "username=ana&password=guessed";

describe.skipIf(!isInstalled).each(["Express 4", "Express 5"])("Passport on %s", (framework) => {
  const steps: Step[] = [
    ["GET", "/"],
    ["GET", "/cart"],
    ["POST", "/login", WRONG],
    ["GET", "/failed"],
    ["GET", "/failed"],
    ["POST", "/login", RIGHT],
    ["GET", "/"],
    ["GET", "/keys"],
    ["POST", "/logout"],
    ["GET", "/"],
    ["GET", "/keys"],
    ["GET", "/cart"],
    ["POST", "/login-fresh", RIGHT],
    ["GET", "/"],
    ["GET", "/keys"],
  ];
  const ours = ["express-session", "express", "cookie-session"];
  const build = async (kind: string) => {
    const app = (await load("express-apps.mjs"))["build"]!(framework, kind);
    return createServer(app as RequestListener);
  };

  it.each(ours)(
    "gives the same answers on @galleta/session/%s as on express-session",
    async (name) => {
      const before = await answersOf(await build("express-session"), steps);
      const after = await answersOf(await build(`@galleta/session/${name}`), steps);
      expect(after).toEqual(before);
      expect(before).toContainEqual({
        path: "/",
        status: 200,
        location: undefined,
        body: '{"user":{"name":"ana"},"cart":["bread"],"returnTo":"/checkout","isAuthenticated":true}',
      });
      expect(before[2]).toMatchObject({ status: 302, location: "/failed" });
      expect(before[3]).toMatchObject({ body: '["wrong password"]' });
    },
  );

  it.each(["express-session", ...ours.map((name) => `@galleta/session/${name}`)])(
    "csrf-csrf on %s takes a token, refuses none, and one from before the login",
    async (kind) => {
      running = await listen(await build(kind));
      const { origin } = running;
      const jar = new Jar();
      const send = (token?: string) =>
        ask(origin, "/send", {
          method: "POST",
          jar,
          ...(token !== undefined && { headers: { "x-csrf-token": token } }),
        });
      await ask(origin, "/cart", { jar });
      const token = JSON.parse((await ask(origin, "/form", { jar })).body) as string;
      expect((await send()).status).toBe(403);
      expect((await send(token)).body).toBe("sent");
      await ask(origin, "/login", { method: "POST", jar, body: RIGHT, headers: FORM });
      expect((await send(token)).status).toBe(403);
    },
  );

  it.each(ours)(
    "a session id from before the login is worthless on @galleta/session/%s",
    async (name) => {
      running = await listen(await build(`@galleta/session/${name}`));
      const { origin } = running;
      const jar = new Jar();
      await ask(origin, "/cart", { jar });
      const planted = jar.header;
      await ask(origin, "/login", { method: "POST", jar, body: RIGHT, headers: FORM });
      expect(JSON.parse((await ask(origin, "/", { jar })).body)).toMatchObject({
        isAuthenticated: true,
      });
      const { body } = await ask(origin, "/", { headers: { cookie: planted } });
      expect(JSON.parse(body)).toMatchObject({ user: null, isAuthenticated: false });
    },
  );
});

describe.skipIf(!isInstalled)("koa-passport on Koa 3", () => {
  const build = async (kind: string) =>
    createServer((await load("koa-app.mjs"))["build"]!(kind) as RequestListener);

  it("gives the same answers on @galleta/session/koa-session as on koa-session", async () => {
    const steps: Step[] = [
      ["GET", "/told"],
      ["GET", "/"],
      ["GET", "/cart"],
      ["GET", "/told"],
      ["POST", "/login", WRONG],
      ["GET", "/failed"],
      ["POST", "/login-by-hand", WRONG],
      ["POST", "/login-by-hand", RIGHT],
      ["GET", "/"],
      ["POST", "/logout"],
      ["GET", "/"],
      ["POST", "/login", RIGHT],
      ["GET", "/"],
      ["GET", "/regenerate"],
      ["GET", "/"],
      ["GET", "/null"],
      ["GET", "/told"],
      ["GET", "/remember"],
      ["GET", "/browser"],
    ];
    const before = await answersOf(await build("koa-session"), steps);
    const after = await answersOf(await build("@galleta/session/koa-session"), steps);
    expect(after).toEqual(before);
    expect(before[8]).toMatchObject({
      body: '{"user":{"name":"ana"},"cart":["bread"],"isAuthenticated":true}',
    });
  });

  it.each(["koa-session", "@galleta/session/koa-session"])(
    "ctx.session.maxAge is the lifetime of one session on %s",
    async (kind) => {
      running = await listen(await build(kind));
      const { origin } = running;
      const remembered = await ask(origin, "/remember");
      const [cookie = ""] = remembered.setCookie;
      expect(lifetimeOf(cookie)).toBeCloseTo(3600, -1);
      const [until = ""] = (await ask(origin, "/browser")).setCookie;
      expect(lifetimeOf(until)).toBeUndefined();
    },
  );
});

describe.skipIf(!isInstalled).each([
  {
    theirs: "@fastify/secure-session",
    ours: "@galleta/session/fastify-secure-session",
    own: ["/data", "/told", "/data", "/regenerate", "/delete"],
    lifetimes: ["/remember"],
  },
  {
    theirs: "@fastify/session",
    ours: "@galleta/session/fastify-session",
    own: [
      "/data",
      "/told",
      "/regenerate",
      "/data",
      "/regenerate-callback",
      "/regenerate-keep-callback",
      "/save",
      "/save-callback",
      "/destroy-callback",
      "/data",
      "/destroy",
    ],
    lifetimes: ["/remember", "/remember-by-cookie", "/remember-regenerated"],
  },
])("@fastify/passport, flash and csrf-protection", ({ theirs, ours, own, lifetimes }) => {
  type App = { server: Server; close(): Promise<void> };
  const kinds = [theirs, ours];
  const build = async (kind: string) =>
    ((await load("fastify-app.mjs"))["build"]!(kind) as Promise<App>).then(({ server }) => server);

  it(`give the same answers on ours as on ${theirs}`, async () => {
    const steps: Step[] = [
      ["GET", "/"],
      ["GET", "/cart"],
      ["POST", "/login", WRONG],
      ["POST", "/login-flash", WRONG],
      ["GET", "/failed"],
      ["GET", "/failed"],
      ["POST", "/login", RIGHT],
      ["GET", "/"],
      ["POST", "/logout"],
      ["GET", "/"],
      ["GET", "/flash"],
      ["GET", "/flashed"],
      ["GET", "/flashed"],
      ["POST", "/send", "a=1"],
      ...own.map((path): Step => ["GET", path]),
      ["GET", "/"],
    ];
    const before = await answersOf(await build(theirs), steps);
    const after = await answersOf(await build(ours), steps);
    expect(after).toEqual(before);
    expect(before[7]).toMatchObject({ body: expect.stringContaining('"isAuthenticated":true') });
    const failed = before.slice(14).filter((answer) => (answer as { status: number }).status > 200);
    expect(failed).toEqual([]);
  });

  it.each(kinds)("csrf-protection on %s takes its token and refuses another", async (kind) => {
    running = await listen(await build(kind));
    const { origin } = running;
    const jar = new Jar();
    const { body: token } = await ask(origin, "/form", { jar });
    const send = (given: string) =>
      ask(origin, "/send", { method: "POST", jar, headers: { "csrf-token": given } });
    expect((await send(token)).body).toBe("sent");
    expect((await send(`${token}x`)).status).toBe(403);
  });

  it.each(kinds)("a session may have its own lifetime on %s", async (kind) => {
    running = await listen(await build(kind));
    for (const path of lifetimes) {
      const { setCookie } = await ask(running.origin, path);
      expect([path, lifetimeOf(setCookie[0] ?? "")]).toEqual([path, expect.closeTo(3600, -1)]);
    }
  });
});

describe.skipIf(!isInstalled)("what @fastify/session does silently", () => {
  const build = async () =>
    (await load("fastify-app.mjs"))["buildStrict"]!() as Promise<{ server: Server }>;

  it("throws with a code on @galleta/session/fastify-session", async () => {
    running = await listen((await build()).server);
    for (const [path, code] of [
      ["/write-after-regenerate", "ERR_SESSION_ENDED"],
      ["/write-after-destroy", "ERR_SESSION_ENDED"],
      ["/attribute", "ERR_SESSION_OPTION"],
      ["/cookie-attribute", "ERR_SESSION_OPTION"],
    ] as const) {
      const { status, body } = await ask(running.origin, path);
      expect({ path, status, code: JSON.parse(body).code as string }).toEqual({
        path,
        status: 500,
        code,
      });
    }
  });
});

describe.skipIf(!isInstalled)("lifetimes as express-session and cookie-session spell them", () => {
  const kinds = ["express-session", "@galleta/session/express-session"];
  it.each(kinds)("req.session.cookie of %s", async (kind) => {
    const app = (await load("express-apps.mjs"))["buildLifetimes"]!(kind);
    running = await listen(createServer(app as RequestListener));
    const { origin } = running;
    const told = async (path: string) => {
      const { body, setCookie } = await ask(origin, path);
      return { body: JSON.parse(body) as unknown, lifetime: lifetimeOf(setCookie[0] ?? "") };
    };
    const hour = await told("/remember");
    // Times are whole seconds.
    expect(hour.body).toBeCloseTo(3600, -1);
    expect(hour.lifetime).toBeCloseTo(3600, -1);
    const two = await told("/until");
    expect(two.body).toBeCloseTo(7200, -1);
    expect(two.lifetime).toBeCloseTo(7200, -1);
    expect(await told("/browser")).toEqual({ body: null, lifetime: undefined });
  });

  const cookieKinds = ["cookie-session", "@galleta/session/cookie-session"];
  it.each(cookieKinds)("req.sessionOptions and the flags of %s", async (kind) => {
    const app = (await load("express-apps.mjs"))["buildCookieSession"]!(kind);
    running = await listen(createServer(app as RequestListener));
    const { origin } = running;
    const jar = new Jar();
    const told = async (path: string) =>
      JSON.parse((await ask(origin, path, { jar })).body) as unknown;
    expect(await told("/told")).toEqual({ isNew: true, isPopulated: false, isChanged: true });
    const { body, setCookie } = await ask(origin, "/remember", { jar });
    expect(JSON.parse(body)).toEqual({
      isNew: true,
      isPopulated: true,
      isChanged: true,
      maxAge: 3_600_000,
    });
    expect(lifetimeOf(setCookie.find((each) => each.startsWith("session=")) ?? "")).toBeCloseTo(
      3600,
      -1,
    );
    expect(await told("/told")).toEqual({ isNew: false, isPopulated: true, isChanged: false });
    await ask(origin, "/null", { jar });
    expect(await told("/told")).toMatchObject({ isPopulated: false });
  });
});

/** Seconds that a cookie lasts, by `Max-Age` or `Expires`; undefined until the browser closes. */
function lifetimeOf(cookie: string): number | undefined {
  const [, maxAge] = /; max-age=(\d+)/i.exec(cookie) ?? [];
  if (maxAge !== undefined) return Number(maxAge);
  const [, expires] = /; expires=([^;]+)/i.exec(cookie) ?? [];
  return expires === undefined ? undefined : (Date.parse(expires) - Date.now()) / 1000;
}
