import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AppSettings, App, configure, destroy, Secret, serve, type Server } from "galleta";
import { memoryStore } from "@galleta/session";
import { starlette } from "@galleta/session/formats/starlette";

const KEY = "a-key-that-no-page-may-show-0123456789abcdef";

let server: Server | undefined;
/** The requests that the app's middleware got. */
let seen: string[] = [];
beforeEach(() => {
  seen = [];
  vi.stubEnv("NODE_ENV", "development");
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await server?.close({ timeout: 0 });
  server = undefined;
});

async function start(
  sessions: object | boolean | undefined = {},
  more: object = {},
  hostname?: string,
) {
  const app = new App<Record<string, unknown>>();
  const withKey = (each: object) => ({ secretKey: KEY, ...each });
  const options = Array.isArray(sessions)
    ? (sessions as object[]).map(withKey)
    : typeof sessions === "object"
      ? withKey(sessions)
      : sessions;
  app.use(async (req, _res, next) => {
    seen.push(req.url.pathname);
    await next();
  });
  app.route("/set/:value", (req, res) => {
    req.session["value"] = req.params.value;
    res.text = "set";
  });
  app.route("/prefs/:value", (req, res) => {
    (req as unknown as { prefs: Record<string, unknown> }).prefs["theme"] = req.params.value;
    res.text = "set";
  });
  app.route("/end", (req, res) => {
    destroy(req.session);
    res.text = "ended";
  });
  configure(app, { SESSIONS: options }, more as AppSettings);
  server = await serve(app, { port: 0, ...(hostname === undefined ? {} : { hostname }) });
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Like `fetch`, but it may send any Host, and connect to any address. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  host = "127.0.0.1",
  method = "GET",
) {
  return new Promise<Answer>((resolve, reject) => {
    const options = { host, port: server!.port, path, method, headers };
    const sent = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function cookieOf(path: string): Promise<string> {
  const { headers } = await ask(path);
  return headers["set-cookie"]![0]!.split(";", 1)[0]!;
}
const inspect = (cookie?: string) => ask("/.galleta/", cookie === undefined ? {} : { cookie });

describe("the inspector", () => {
  it("shows the session, its cookie and its events, and changes nothing", async () => {
    await start();
    const cookie = await cookieOf("/set/alice");
    const { status, headers, text } = await inspect(cookie);
    expect(status).toBe(200);
    expect(headers["set-cookie"]).toBeUndefined();
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
    });
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; base-uri 'none'/,
    );
    expect(text).toContain("In force");
    expect(text).toContain("&quot;value&quot;: &quot;alice&quot;");
    expect(text).toContain("<strong>this one</strong>");
    for (const field of ["version", "flags", "key", "born", "issued", "expires", "signature"]) {
      expect(text).toContain(`>${field}</th>`);
    }
    expect(text).not.toContain(KEY);
    expect(text).not.toContain("<script");
    // It comes before the app's middleware: a login page would hide it.
    expect(seen).toEqual(["/set/alice"]);
  });
  it("shows a changed cookie, which the app cannot read, and the reason", async () => {
    await start();
    const cookie = await cookieOf("/set/alice");
    const { text } = await inspect(`${cookie.slice(0, -8)}AAAAAAAA`);
    expect(text).toContain("Cookie rejected");
    expect(text).toContain("Its signature is wrong");
    expect(text).toContain("its content may be forged");
    // Its own look is not an event.
    const again = await inspect(cookie);
    expect(again.text).not.toContain("Its signature is wrong");
  });
  it("shows a session that has ended as the app sees it", async () => {
    await start();
    const cookie = await cookieOf("/set/alice");
    await ask("/end", { cookie });
    expect((await inspect(cookie)).text).toContain(
      "Its session has ended: the user logged out, or the session was revoked.",
    );
  });
  it("shows that there is no session", async () => {
    await start();
    const { text } = await inspect();
    expect(text).toContain("None yet");
    expect(text).toContain("This request has no session.");
  });
  it("shows each of several sessions", async () => {
    await start([{}, { property: "prefs", encrypt: true }]);
    const cookies = [await cookieOf("/set/alice"), await cookieOf("/prefs/dark")];
    const { text } = await inspect(cookies.join("; "));
    expect(text).toContain("<code>session</code> <code>prefs</code>");
    expect(text).toMatch(/This session <code>session<\/code>[^]*This session <code>prefs<\/code>/);
    expect(text).toContain("&quot;value&quot;: &quot;alice&quot;");
    expect(text).toContain("&quot;theme&quot;: &quot;dark&quot;");
    expect(text).toMatch(/production\? <code>session<\/code>[^]*production\? <code>prefs<\/code>/);
    expect(text.match(/<strong>this one<\/strong>/g)).toHaveLength(2);
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
    expect((await inspect(cookies[0])).text).toContain("<code>req.prefs</code>");
  });
  it("hides if any of several sessions trusts a proxy", async () => {
    await start([{}, { property: "prefs", trustProxy: 1 }]);
    expect((await inspect()).status).toBe(404);
  });
  it("shows an encrypted session to its owner", async () => {
    await start({ encrypt: true });
    const { text } = await inspect(await cookieOf("/set/alice"));
    expect(text).toContain("&quot;value&quot;: &quot;alice&quot;");
    expect(text).toContain(">ciphertext</th>");
  });
  it("shows a session that is shared with another framework", async () => {
    await start({ writeAs: starlette({ secretKey: KEY }) });
    const { text } = await inspect(await cookieOf("/set/alice"));
    expect(text).toContain("It looks like a cookie of starlette.");
    expect(text).toContain("&quot;value&quot;: &quot;alice&quot;");
  });
  it("shows a session that lies in a store", async () => {
    await start({ store: memoryStore(), storage: "store" });
    const { text } = await inspect(await cookieOf("/set/alice"));
    expect(text).toContain("&quot;value&quot;: &quot;alice&quot;");
    expect(text).toContain("The store is in the memory of this process");
  });
  it("says that the store does not answer", async () => {
    const store = new Map<string, unknown>();
    let isDown = false;
    const get = (key: string) => (isDown ? Promise.reject(new Error("down")) : store.get(key));
    const set = (key: string, value: unknown) => void store.set(key, value);
    await start({
      store: { get, set, delete: (key: string) => store.delete(key) },
      storage: "store",
    });
    const cookie = await cookieOf("/set/alice");
    isDown = true;
    const { status, text } = await inspect(cookie);
    expect(status).toBe(200);
    expect(text).toContain("Not readable");
    expect(text).not.toContain("alice");
  });
  it("is valid HTML for any content of the session", async () => {
    await start();
    const nasty = `<img src=x onerror=alert(1)><script>"'&\u202e\u0000`;
    const cookie = await cookieOf(`/set/${encodeURIComponent(nasty)}`);
    const { text } = await inspect(cookie);
    expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;&lt;script&gt;");
    expect(text).toContain("\\u202e");
    // oxlint-disable-next-line no-control-regex -- the test looks for control characters
    expect(text).not.toMatch(/<script|<img|\u202e|\u0000/);
    const made = Buffer.from(JSON.stringify({ x: nasty })).toString("base64");
    expect((await inspect(`session=${made}; session.sig=<b>`)).text).not.toMatch(/<script|<b>/);
  });
  it("says which settings to change, and shows no key", async () => {
    await start({ secretKey: [new Secret(KEY), "hunter2"], csrf: false });
    const { text } = await inspect();
    expect(text).toContain("3 things to fix");
    expect(text).toContain("The key number 2 has fewer than 32 characters");
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain(KEY);
  });
  it("takes the key from the environment as the app does", async () => {
    vi.stubEnv("SECRET_KEY", "hunter2");
    await start(true);
    const { text } = await inspect();
    expect(text).toContain("The key has fewer than 32 characters");
    expect(text).not.toContain("hunter2");
  });
});

describe("the inspector is not there", () => {
  /** Expects the app's own answer for an unknown path. */
  async function expectMissing(headers: Record<string, string> = {}, host?: string) {
    const inspector = await ask("/.galleta/", headers, host);
    const nothing = await ask("/nothing", headers, host);
    expect(inspector.status).toBe(404);
    expect(inspector.text).toBe(nothing.text);
    expect(Object.keys(inspector.headers)).toEqual(Object.keys(nothing.headers));
    expect(seen.splice(0)).toEqual(["/.galleta/", "/nothing"]);
  }

  it("in production", async () => {
    vi.stubEnv("NODE_ENV", "production");
    await start();
    await expectMissing();
  });
  it("with INSPECTOR: false, or without sessions", async () => {
    await start({}, { INSPECTOR: false });
    await expectMissing();
    await server!.close({ timeout: 0 });
    await start(false);
    await expectMissing();
  });
  it("for another host: a stranger's name may lead to this machine", async () => {
    await start();
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"]) {
      await expectMissing({ host });
    }
    expect((await ask("/.galleta/", { host: `localhost:${server!.port}` })).status).toBe(200);
  });
  it.each(["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"])(
    "behind a proxy that shows itself by %s",
    async (name) => {
      await start();
      await expectMissing({ [name]: "127.0.0.1" });
    },
  );
  it("behind a proxy that the settings name", async () => {
    await start({ trustProxy: true });
    await expectMissing();
  });
  it("for a script of the app's own pages, which must not read the cookie", async () => {
    await start();
    await expectMissing({ "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" });
    await expectMissing({ "sec-fetch-dest": "iframe" });
    expect((await ask("/.galleta/", { "sec-fetch-dest": "document" })).status).toBe(200);
  });
  it("for a request without a connection", async () => {
    const app = new App();
    configure(app, { SESSIONS: { secretKey: KEY } });
    expect((await app.fetch(new Request("http://localhost/.galleta/"))).status).toBe(404);
  });
  it("for other methods", async () => {
    await start();
    for (const method of ["POST", "OPTIONS", "DELETE"]) {
      const inspector = await ask("/.galleta/", {}, "127.0.0.1", method);
      const nothing = await ask("/nothing", {}, "127.0.0.1", method);
      expect(inspector.status).toBe(404);
      expect(inspector.text).toBe(nothing.text);
    }
    expect((await ask("/.galleta/", {}, "127.0.0.1", "HEAD")).status).toBe(200);
    expect((await ask("/.galleta")).status).toBe(200);
  });
});

describe("the setting INSPECTOR", () => {
  it("must be true or false", () => {
    const settings = { SESSIONS: { secretKey: KEY }, INSPECTOR: "no" };
    expect(() => configure(new App(), settings as never)).toThrow(
      "INSPECTOR must be true or false.",
    );
  });
});
