import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { begin, FetchSession, toResponse } from "@galleta/session/adapter";
import {
  createSessions,
  describe as describeSession,
  memoryStore,
  type SessionEvent,
} from "@galleta/session";
import { deviceBound, type DeviceBoundSettings } from "@galleta/session/device-bound";
import { session, type WithSession } from "@galleta/session/node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { listen } from "../adapters/harnesses/listen.ts";
import { ask } from "../adapters/wire.ts";
import { DeviceBrowser, makeKeyPair, makeProof, type Habits } from "./browser.ts";

const REFRESH = 300;
const REGISTRATION = "/.galleta/device/registration";
const REFRESH_PATH = "/.galleta/device/refresh";
const KEY = "a key for tests of more than thirty-two characters";

const closing: (() => Promise<void>)[] = [];
let events: SessionEvent[] = [];

beforeEach(() => {
  events = [];
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0)) await close();
});

const pass = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);
const reasons = () => events.filter(({ type }) => type === "device").map(({ reason }) => reason);
const rejected = () => events.filter(({ type }) => type === "rejected").map(({ reason }) => reason);

type Visit = WithSession<IncomingMessage, Record<string, unknown>>;

/** An app whose paths name what it does to its session. */
function view(req: Visit, res: ServerResponse): void {
  if (req.url === "/login") req.session["user"] = "ana";
  if (req.url === "/logout") req.session = null;
  if (req.url === "/count") req.session["count"] = Number(req.session["count"] ?? 0) + 1;
  const { deviceBound: device } = describeSession(req.session);
  res.end(JSON.stringify({ ...req.session, device }));
}

async function serve(settings: DeviceBoundSettings = {}, options: object = {}) {
  const sessions = createSessions<Record<string, unknown>>({
    secretKey: KEY,
    onEvent: (event) => void events.push(event),
    deviceBound: deviceBound({ refresh: REFRESH, ...settings }),
    ...options,
  });
  const running = await listen(createServer(session(sessions)(view as never)));
  closing.push(async () => {
    sessions.stop();
    await running.close();
  });
  const { origin } = running;
  const wire = (path: string, sent: Parameters<typeof ask>[2] = {}) => ask(origin, path, sent);
  const open = (habits: Habits = {}) => new DeviceBrowser(origin, wire, habits);
  return { sessions, origin, wire, open };
}

async function login(browser: DeviceBrowser): Promise<string> {
  await browser.request("/login");
  await browser.settled();
  const [id] = browser.sessions.keys();
  return id!;
}

/** Makes a refresh as an attacker with the browser's cookies sends it. */
function headersOf(browser: DeviceBrowser, id: string, jwt?: string): Record<string, string> {
  return {
    cookie: browser.cookies.header,
    "sec-secure-session-id": `"${id}"`,
    ...(jwt !== undefined && { "secure-session-response": `"${jwt}"` }),
  };
}

const challengeOf = (value: unknown) => /^"([^"]*)"/.exec(String(value))?.[1] ?? "";

describe("a refresh", () => {
  test("with a used proof is answered with a new challenge, and logs no user out", async () => {
    const { open, wire } = await serve();
    const browser = open();
    const id = await login(browser);
    pass(REFRESH + 1);
    await browser.request("/login");
    const [used] = browser.exchanges.filter(
      ({ path, headers }) => path === REFRESH_PATH && "secure-session-response" in headers,
    );
    const headers = { ...used!.headers, cookie: browser.cookies.header };
    const replayed = await wire(REFRESH_PATH, { method: "POST", headers });
    expect(replayed).toMatchObject({ status: 403, setCookie: [] });
    expect(challengeOf(replayed.headers["secure-session-challenge"])).not.toBe("");
    expect(reasons()).toEqual(["bound", "refreshed", "challenge-foreign"]);
    pass(REFRESH + 1);
    expect((await browser.request("/")).body).toContain("ana");
    expect(browser.sessions.has(id)).toBe(true);
  });

  test("with a late challenge is answered with a new one, which the browser signs", async () => {
    const { open } = await serve();
    const browser = open();
    await login(browser);
    pass(REFRESH * 10);
    expect((await browser.request("/")).body).toContain("ana");
    expect(reasons()).toEqual(["bound", "challenge-late", "refreshed"]);
  });

  test("with a proof by another key ends nothing on the server", async () => {
    const { open, wire } = await serve();
    const browser = open();
    const id = await login(browser);
    const thief = makeKeyPair("ES256");
    const asked = await wire(REFRESH_PATH, { method: "POST", headers: headersOf(browser, id) });
    const jti = challengeOf(asked.headers["secure-session-challenge"]);
    const jwt = makeProof({ alg: "ES256" }, { jti }, thief.privateKey);
    const forged = await wire(REFRESH_PATH, {
      method: "POST",
      headers: headersOf(browser, id, jwt),
    });
    expect(forged).toMatchObject({ status: 400, setCookie: [] });
    expect(reasons()).toEqual(["bound", "proof-signature"]);
    pass(REFRESH + 1);
    expect((await browser.request("/")).body).toContain("ana");
  });

  test("with the key of another session gets the answer that it is not bound", async () => {
    const { open, wire } = await serve();
    const [victim, thief] = [open(), open()];
    await login(victim);
    const own = await login(thief);
    const answer = await wire(REFRESH_PATH, { method: "POST", headers: headersOf(victim, own) });
    expect(JSON.parse(answer.body)).toEqual({ session_identifier: own, continue: false });
    expect(answer.setCookie.every((cookie) => cookie.includes("Max-Age=0"))).toBe(true);
    expect(reasons().at(-1)).toBe("unbound");
  });

  test("that does not come from a browser is denied", async () => {
    const { open, wire } = await serve();
    const browser = open();
    await login(browser);
    const headers = { cookie: browser.cookies.header };
    expect(await wire(REFRESH_PATH, { method: "POST", headers })).toMatchObject({ status: 400 });
  });

  test("is answered for another site's page, and only with a valid Host", async () => {
    const { open, wire } = await serve({}, { csrf: "strict", allowedHosts: ["127.0.0.1"] });
    const browser = open();
    const id = await login(browser);
    const foreign = { origin: "https://other.example", "sec-fetch-site": "cross-site" };
    const headers = { ...headersOf(browser, id), ...foreign };
    const asked = await wire(REFRESH_PATH, { method: "POST", headers });
    expect(asked.headers["secure-session-challenge"]).toBeDefined();
    expect(asked.headers["cross-origin-resource-policy"]).toBe("same-origin");
    const wrong = await wire(REFRESH_PATH, {
      method: "POST",
      headers: { ...headers, host: "evil" },
    });
    expect(wrong).toMatchObject({ status: 400 });
    expect(wrong.headers["secure-session-challenge"]).toBeUndefined();
  });

  test("that races a logout ends", async () => {
    const { open } = await serve();
    const browser = open();
    const id = await login(browser);
    pass(REFRESH + 1);
    await Promise.all([browser.refresh(id), browser.request("/logout")]);
    await browser.request("/");
    expect(browser.sessions.size).toBe(0);
    expect((await browser.request("/")).body).not.toContain("ana");
  });

  test("is a 503 while the store is down, and the browser tries again later", async () => {
    const kept = new Map<string, string>();
    let isDown = false;
    const failing = {
      get: async (key: string) => {
        if (isDown) throw new Error("the store is down");
        return kept.get(key);
      },
      set: async (key: string, value: string) => {
        if (isDown) throw new Error("the store is down");
        kept.set(key, value);
      },
      delete: async () => undefined,
    };
    const { open } = await serve({}, { store: failing });
    const browser = open();
    const id = await login(browser);
    pass(REFRESH + 1);
    isDown = true;
    await browser.refresh(id);
    expect(browser.exchanges.at(-1)).toMatchObject({ path: REFRESH_PATH, status: 503 });
    expect(browser.sessions.has(id)).toBe(true);
    isDown = false;
    pass(2);
    expect((await browser.request("/")).body).toContain("ana");
  });

  test("is one for all requests that wait for it", async () => {
    const { open } = await serve();
    const browser = open();
    await login(browser);
    pass(REFRESH + 1);
    await Promise.all(Array.from({ length: 20 }, () => browser.request("/count")));
    expect(reasons()).toEqual(["bound", "refreshed"]);
  });

  test("leaves nothing in memory after 10,000 times", async () => {
    const { sessions, open } = await serve();
    const browser = open();
    const id = await login(browser);
    const challenges = new Set<string>();
    for (let count = 0; count < 10_000; count += 1) {
      const request = new Request(`http://127.0.0.1${REFRESH_PATH}`, {
        method: "POST",
        headers: headersOf(browser, id),
      });
      const reply = await begin(new FetchSession(sessions, request));
      challenges.add(challengeOf(toResponse(reply!).headers.get("secure-session-challenge")));
    }
    expect(challenges.size).toBe(10_000);
    pass(REFRESH + 1);
    expect((await browser.request("/")).body).toContain("ana");
  });
});

describe("a registration", () => {
  async function challengeFor(origin: string) {
    const response = await ask(origin, "/login");
    const value = String(response.headers["secure-session-registration"]);
    const cookie = response.setCookie[0]!.split(";")[0]!;
    return { cookie, jti: /challenge="([^"]*)"/.exec(value)![1]! };
  }

  function register(origin: string, cookie: string, jti: string, pair = makeKeyPair("ES256")) {
    const jwk = pair.publicKey.export({ format: "jwk" });
    const jwt = makeProof({ alg: "ES256", jwk }, { jti }, pair.privateKey);
    const headers = { cookie, "secure-session-response": `"${jwt}"` };
    return ask(origin, REGISTRATION, { method: "POST", headers });
  }

  test("by a second key is denied, with the same cookie and with the newer one", async () => {
    const { origin } = await serve();
    const { cookie, jti } = await challengeFor(origin);
    const bound = await register(origin, cookie, jti);
    expect(bound.status).toBe(200);
    const newer = bound.setCookie.map((line) => line.split(";")[0]).join("; ");
    for (const held of [cookie, newer]) {
      const second = await register(origin, held, jti);
      expect(second.status).toBe(400);
      expect(second.setCookie.join()).not.toContain("-device=");
    }
    expect(reasons()).toEqual(["bound", "already-bound", "already-bound"]);
  });

  test("with the challenge of another session is denied", async () => {
    const { origin } = await serve();
    const [victim, thief] = [await challengeFor(origin), await challengeFor(origin)];
    expect(await register(origin, victim.cookie, thief.jti)).toMatchObject({ status: 400 });
    expect(reasons()).toEqual(["challenge-foreign"]);
  });

  test("with a late challenge is denied", async () => {
    const { origin } = await serve();
    const { cookie, jti } = await challengeFor(origin);
    pass(301);
    expect(await register(origin, cookie, jti)).toMatchObject({ status: 400 });
    expect(reasons()).toEqual(["challenge-late"]);
  });

  test("without a session, and without a proof, is denied", async () => {
    const { origin } = await serve();
    const { cookie, jti } = await challengeFor(origin);
    expect(await register(origin, "", jti)).toMatchObject({ status: 400 });
    const headers = { cookie };
    expect(await ask(origin, REGISTRATION, { method: "POST", headers })).toMatchObject({
      status: 400,
    });
    expect(reasons()).toEqual(["no-session", "proof-missing"]);
  });

  test("is not offered over plain HTTP to another machine", async () => {
    const { origin } = await serve();
    const headers = { host: "app.example" };
    const response = await ask(origin, "/login", { headers });
    expect(response.headers["secure-session-registration"]).toBeUndefined();
  });
});

describe("a session", () => {
  test("that is stale is marked if the option says so", async () => {
    const { open, wire } = await serve({ stale: "mark" });
    const browser = open();
    await login(browser);
    const cookie = browser.cookies.header;
    expect((await wire("/", { headers: { cookie } })).body).toContain('"device":"fresh"');
    pass(REFRESH + 1);
    const { body } = await wire("/", { headers: { cookie } });
    expect(JSON.parse(body)).toEqual({ user: "ana", device: "stale" });
  });

  test("that is stale is rejected by default, without deleting its cookie", async () => {
    const { open, wire } = await serve();
    const browser = open();
    await login(browser);
    const cookie = browser.cookies.header;
    pass(REFRESH + 1);
    const answer = await wire("/", { headers: { cookie } });
    expect(answer).toMatchObject({ body: '{"device":"none"}', setCookie: [] });
    expect(rejected()).toEqual(["device"]);
  });

  test("that must be bound is rejected a minute after a thief dropped the header", async () => {
    const { open } = await serve({ require: (data) => "user" in data });
    const thief = open({ supported: false });
    await thief.request("/login");
    expect((await thief.request("/")).body).toContain("ana");
    pass(61);
    expect((await thief.request("/")).body).not.toContain("ana");
    expect(rejected()).toEqual(["device"]);
  });

  test("of a browser that could not refresh is served like one whose bound cookie expired", async () => {
    const { open } = await serve();
    const browser = open();
    await login(browser);
    pass(REFRESH + 1);
    browser.skips = "quota_exceeded";
    expect((await browser.request("/")).body).not.toContain("ana");
    browser.skips = undefined;
    expect((await browser.request("/")).body).toContain("ana");
  });

  test.each<[what: string, habits: Habits]>([
    ["RS256 alone", { algorithms: ["RS256"] }],
    [
      "a time, the audience and the subject",
      {
        claims: (aud, sub) => ({ aud, iat: Math.floor(Date.now() / 1000), ...(sub && { sub }) }),
      },
    ],
  ])("is bound and refreshed by a browser with %s", async (_what, habits) => {
    const { open } = await serve();
    const browser = open(habits);
    await login(browser);
    pass(REFRESH + 1);
    expect((await browser.request("/")).body).toContain("ana");
    expect(reasons()).toEqual(["bound", "refreshed"]);
  });

  test("keeps a request's changes while its browser refreshed", async () => {
    const { open } = await serve({}, { store: memoryStore() });
    const browser = open();
    const id = await login(browser);
    await Promise.all([browser.refresh(id), browser.request("/count"), browser.refresh(id)]);
    const { body } = await browser.request("/");
    expect(JSON.parse(body)).toMatchObject({ user: "ana", count: 1, device: "fresh" });
  });
});

describe("the option deviceBound", () => {
  test.each<[what: string, options: object]>([
    ["domain", { domain: "example.com" }],
    ["partitioned", { partitioned: true, httpsOnly: true, sameSite: "none" }],
    ["a number", { deviceBound: 600 }],
    ["an unknown setting", { deviceBound: { refesh: 600 } }],
    ["a refresh of a second", { deviceBound: { refresh: 1 } }],
    ["no algorithm", { deviceBound: { algorithms: [] } }],
    ["the algorithm none", { deviceBound: { algorithms: ["none"] } }],
  ])("throws at set-up together with %s", (_what, options) => {
    expect(() => createSessions({ secretKey: KEY, deviceBound: true, ...options })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  });

  test("is off with false", () => {
    const sessions = createSessions({ secretKey: KEY, deviceBound: false });
    expect(sessions.shared.device).toBeUndefined();
  });
});
