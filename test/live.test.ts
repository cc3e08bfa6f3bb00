import { afterEach, describe, expect, it, vi } from "vitest";
import {
  App,
  configure,
  describe as describeSession,
  destroy,
  memoryStore,
  renew,
  revokeOthers,
  update,
  type CreateSessionsOptions,
} from "../packages/galleta/src/index.ts";
import { createClient, type TestClient } from "../packages/galleta/src/testing/index.ts";
import { KEY } from "./support/jar.ts";
import { keyValueStore } from "./support/key-value-store.ts";
import { Page } from "./support/page.ts";

type Data = Record<string, unknown>;

const clients: TestClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

/** An app that logs in and out, and whose socket shows and changes its session. */
function start(options: Partial<CreateSessionsOptions> = {}) {
  const app = new App<Data>();
  configure(app, { SESSIONS: { secretKey: KEY, ...options } });
  app.route("/login/:name", { methods: ["POST"] }, (req, res) => {
    renew(req.session);
    req.session["userId"] = req.params.name;
    res.status = 204;
  });
  app.route("/set/:key/:value", { methods: ["POST"] }, (req, res) => {
    req.session[req.params.key] = req.params.value;
    res.status = 204;
  });
  app.route("/logout", { methods: ["POST"] }, (req, res) => {
    destroy(req.session);
    res.status = 204;
  });
  app.route("/elsewhere", { methods: ["POST"] }, async (req, res) => {
    await revokeOthers(req.session);
    res.status = 204;
  });
  app.route("/session", (req, res) => {
    res.json = req.session;
  });
  app.websocketRoute("/live", { autoAccept: false }, async (ws) => {
    if (ws.session["userId"] === undefined) return ws.reject(401);
    await ws.accept(ws.protocols.includes("chat") ? { protocol: "chat" } : {});
    ws.on("session", () => ws.send(`changed ${JSON.stringify(ws.session)}`));
    await ws.send("ready");
    for await (const message of ws) {
      const [, key, value] = /^set (\w+) (\w+)$/.exec(message) ?? [];
      if (key === undefined) {
        await ws.send(`echo ${message}`);
        continue;
      }
      const outcome = await update(ws.session, (draft) => (draft[key] = value)).then(
        () => "done",
        (error: { code: string }) => error.code,
      );
      await ws.send(`${outcome} ${JSON.stringify(ws.session)}`);
    }
  });
  return app;
}

function browser(app: App<Data>): TestClient {
  const client = createClient(app);
  clients.push(client);
  return client;
}

async function loggedIn(app: App<Data>, name = "ada") {
  const client = browser(app);
  await client.post(`/login/${name}`);
  return client;
}

async function open(client: TestClient, protocols?: readonly string[]) {
  const page = await Page.open(client, "/live", protocols);
  expect(await page.next()).toBe("ready");
  return page;
}

const session = async (client: TestClient) => (await client.get("/session")).json();

describe.each([
  ["the cookie alone", () => ({})],
  ["a store", () => ({ store: memoryStore() })],
  ["the data in a store", () => ({ store: memoryStore(), storage: "store" as const })],
])("with %s", (_name, options) => {
  it("a socket sees what a response changed", async () => {
    const client = await loggedIn(start(options()));
    const page = await open(client);
    await client.post("/set/n/1");
    expect(await page.next()).toBe('changed {"userId":"ada","n":"1"}');
  });

  it("a socket's change is in the next request, and other sockets get an event", async () => {
    const client = await loggedIn(start(options()));
    const page = await open(client);
    const other = await open(client);
    page.send("set n 1");
    expect(await page.next()).toBe('done {"userId":"ada","n":"1"}');
    expect(await session(client)).toEqual({ userId: "ada", n: "1" });
    expect(await other.next()).toBe('changed {"userId":"ada","n":"1"}');
    expect(page.exchanges.map(({ status }) => status)).toEqual("store" in options() ? [] : [200]);
  });

  it("simultaneous changes of sockets and requests are all kept", async () => {
    const client = await loggedIn(start(options()));
    const page = await open(client);
    page.send("set a 1");
    await client.post("/set/b/2");
    page.send("set c 3");
    for (let done = 0; done < 2;) if ((await page.next()).startsWith("done")) done += 1;
    expect(await session(client)).toEqual({ userId: "ada", a: "1", b: "2", c: "3" });
  });

  it("a logout closes the sockets, and a new socket is denied", async () => {
    const client = await loggedIn(start(options()));
    const page = await open(client);
    await client.post("/logout");
    expect(await page.socket.closed).toEqual({ code: 1008, reason: "session ended" });
    await expect(Page.open(client, "/live")).rejects.toMatchObject({ status: 401 });
  });

  it("a login renews the session, and its sockets stay open", async () => {
    const client = await loggedIn(start(options()));
    const page = await open(client);
    await client.post("/login/bob");
    expect(await page.next()).toBe('changed {"userId":"bob"}');
    await client.post("/set/n/1");
    expect(await page.next()).toBe('changed {"userId":"bob","n":"1"}');
  });

  it("an idle socket is closed when its session expires, and a new socket is denied", async () => {
    const client = await loggedIn(start({ ...options(), maxAge: 2 }));
    const copy = client.cookies.header(client.baseUrl);
    const page = await open(client);
    expect(await page.socket.closed).toEqual({ code: 1008, reason: "session expired" });
    const back = client.websocket("/live", { headers: { cookie: copy ?? "" } });
    await expect(back).rejects.toMatchObject({ status: 401 });
  });
});

it("revokeAll and revokeOthers close the sockets of a user", async () => {
  const app = start({ store: memoryStore(), subject: "userId" });
  const [here, there, bob] = [await loggedIn(app), await loggedIn(app), await loggedIn(app, "bob")];
  const [mine, other, bobs] = [await open(here), await open(there), await open(bob)];
  await here.post("/elsewhere");
  expect(await other.socket.closed).toEqual({ code: 1008, reason: "session ended" });
  expect(await session(there)).toEqual({});
  expect(await session(here)).toEqual({ userId: "ada" });
  await app.sessions.revokeAll("ada");
  expect(await mine.socket.closed).toEqual({ code: 1008, reason: "session ended" });
  bobs.send("hello");
  expect(await bobs.next()).toBe("echo hello");
});

it("a saved copy of the cookie is rejected after the logout", async () => {
  const client = await loggedIn(start({ store: memoryStore() }));
  const headers = { cookie: client.cookies.header(client.baseUrl) ?? "" };
  await client.post("/logout");
  expect(await (await client.get("/session", { headers })).json()).toEqual({});
  await expect(client.websocket("/live", { headers })).rejects.toMatchObject({ status: 401 });
});

describe("a page that speaks galleta.v1", () => {
  it("gets the subprotocol that the app chose with it", async () => {
    const client = await loggedIn(start());
    expect((await open(client)).socket.protocol).toBe("galleta.v1");
    expect((await open(client, ["chat"])).socket.protocol).toBe("galleta.v1+chat");
    const plain = await client.websocket("/live", { protocols: ["chat"] });
    expect(plain.protocol).toBe("chat");
  });

  it("exchanges messages that look like Galleta frames", async () => {
    const page = await open(await loggedIn(start()));
    for (const message of ["\0", "\0\0", '\0{"id":"x","receipt":"y"}', "\0\0{}", "", "a\0b"]) {
      page.send(message);
      expect(await page.next()).toBe(`echo ${message}`);
    }
  });

  it("cannot do anything with forged Galleta frames", async () => {
    const page = await open(await loggedIn(start()));
    const frames = ["{", "null", "[]", '{"id":1}', '{"id":"x","code":"y"}', "x".repeat(50_000)];
    for (const frame of frames) page.socket.send(`\0${frame}`);
    page.send("hello");
    expect(await page.next()).toBe("echo hello");
  });

  it("is distinguished from one that does not", async () => {
    const client = await loggedIn(start());
    const plain = await client.websocket("/live");
    const messages = plain[Symbol.asyncIterator]();
    expect((await messages.next()).value).toBe("ready");
    plain.send("\0as it is");
    expect((await messages.next()).value).toBe("echo \0as it is");
    plain.send("set n 1");
    expect((await messages.next()).value).toMatch(/^ERR_SESSION_STORE_REQUIRED/);
  });
});

describe("the exchange", () => {
  it("accepts only POST, of this site, and nothing large", async () => {
    const client = await loggedIn(start());
    const path = "/.galleta/session";
    expect((await client.get(path)).status).toBe(404);
    const headers = { origin: "http://evil.example" };
    const foreign = await client.post(path, { headers, body: "ticket" });
    expect([foreign.status, (await foreign.json()).code]).toEqual([403, "ERR_SESSION_CSRF"]);
    for (const size of [6, 20_000, 2_000_000]) {
      const invalid = await client.post(path, { body: "A".repeat(size) });
      const { code } = await invalid.json();
      expect([size, invalid.status, code]).toEqual([size, 400, "ERR_SESSION_TICKET_INVALID"]);
      expect(invalid.headers.get("cache-control")).toBe("no-store");
    }
  });

  it("is where the app puts it", async () => {
    const client = await loggedIn(start({ exchangePath: "/account/session" }));
    const page = await open(client);
    page.send("set n 1");
    expect(await page.next()).toBe('done {"userId":"ada","n":"1"}');
    expect((await client.post("/.galleta/session", { body: "x" })).status).toBe(404);
  });

  it("does not exist if a store replaces it", async () => {
    const client = await loggedIn(start({ store: memoryStore() }));
    expect((await client.post("/.galleta/session", { body: "x" })).status).toBe(404);
  });
});

describe("with socketActivity", () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ["without a store", () => ({})],
    ["with a store", () => ({ store: memoryStore() })],
  ])("a chat stays open while its user types, and its page logged in, %s", async (_name, given) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const client = await loggedIn(start({ maxAge: 3600, socketActivity: true, ...given() }));
    const page = await open(client);
    for (let i = 1; i <= 3; i += 1) {
      vi.setSystemTime(Date.now() + 50 * 60_000);
      page.send("hello");
      expect(await page.next()).toBe("echo hello");
      await expect
        .poll(() => page.exchanges.map(({ status }) => status))
        .toEqual(Array(i).fill(200));
    }
    expect(await (await client.get("/session")).json()).toEqual({ userId: "ada" });
    vi.setSystemTime(Date.now() + 61 * 60_000);
    await page.ended;
    expect(await page.socket.closed).toMatchObject({ code: 1008, reason: "session expired" });
  });
});

it("a store that fails is a 503, and only for requests that use the session", async () => {
  const broken = {
    get: () => Promise.reject(new Error("down")),
    set: () => Promise.reject(new Error("down")),
    delete: () => Promise.reject(new Error("down")),
  };
  const app = start({ store: broken, onEvent() {} });
  app.route("/plain", (_req, res) => {
    res.text = "fine";
  });
  const headers = {
    cookie: (await loggedIn(start())).cookies.header(new URL("http://testserver"))!,
  };
  const client = browser(app);
  const refused = await client.get("/session", { headers });
  expect([refused.status, (await refused.json()).code]).toEqual([503, "ERR_SESSION_STORE"]);
  expect((await client.get("/plain", { headers })).status).toBe(200);
  await expect(client.websocket("/live", { headers })).rejects.toMatchObject({ status: 503 });
});

it("a logout while the store fails is a 503 that deletes the browser's cookie", async () => {
  const store = keyValueStore();
  let isDown = false;
  const failing =
    <Given extends unknown[], Value>(method: (...given: Given) => Promise<Value>) =>
    async (...given: Given): Promise<Value> => {
      if (isDown) throw new Error("down");
      return method(...given);
    };
  const [get, set, remove] = [failing(store.get), failing(store.set), failing(store.delete)];
  const app = start({ store: { get, set, delete: remove }, onEvent() {} });
  const client = await loggedIn(app);
  const url = new URL("http://testserver");
  const cookie = client.cookies.header(url)!;
  expect(cookie).toContain("session=");
  isDown = true;
  const logout = await client.post("/logout");
  expect([logout.status, (await logout.json()).code]).toEqual([503, "ERR_SESSION_STORE"]);
  expect(logout.headers.getSetCookie().join()).toContain("Max-Age=0");
  expect(client.cookies.header(url) ?? "").not.toContain("session=");
  isDown = false;
  // The process that could not reach the store remembers the end.
  const copy = await browser(app).get("/session", { headers: { cookie } });
  expect(await copy.json()).toEqual({});
});

it("app.sessions says what to do if there are none", () => {
  const app = new App();
  configure(app);
  expect(() => app.sessions).toThrow(/SESSIONS/);
});

it("describe says whether a copy can be rejected", async () => {
  for (const [options, expected] of [
    [{}, false],
    [{ store: memoryStore() }, true],
  ] as const) {
    const app = start(options);
    app.route("/revocable", (req, res) => {
      res.json = describeSession(req.session).revocable;
    });
    expect(await (await browser(app).get("/revocable")).json()).toBe(expected);
  }
});
