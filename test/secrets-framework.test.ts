// The same as secrets.test.ts, for the framework: settings, requests, sockets, serving.
import { App, Config, configure, Secret, SessionError, settings } from "galleta";
import { createClient, LiveServer } from "galleta/testing";
import { describe, expect, it, vi } from "vitest";
import {
  DATA,
  expectNothingFound,
  fails,
  hide,
  keep,
  SECRET,
  watchOutput,
} from "./support/leaks.ts";
import type { Anything } from "./support/sessions.ts";

watchOutput();

describe("the framework", () => {
  it("when settings or the configuration are wrong", () => {
    vi.stubEnv("NUMBER", SECRET);
    vi.stubEnv("SECRET_KEY", SECRET);
    const config = new Config();
    fails(() => config.get("NUMBER", { cast: Number }));
    fails(() => config.get("NUMBER", { cast: Boolean }));
    fails(() => config.get("NUMBER", { cast: (text: string) => JSON.parse(text) as unknown }));
    fails(() =>
      config.get("NUMBER", {
        cast: (text: string) => {
          throw new Error(`bad: ${text}`);
        },
      }),
    );
    keep(config);
    keep(config.get("SECRET_KEY", { cast: Secret }));
    const bad: object[] = [
      { SESSIONS: SECRET },
      { SESSIONS: { secretKey: SECRET, nonsense: SECRET } },
      { SESSIONS: { secretKey: SECRET, maxAge: SECRET } },
      { SESSIONS: { secretKey: { SECRET } } },
      { PLUGINS: SECRET },
      { PLUGINS: [SECRET] },
    ];
    for (const each of bad) fails(() => configure(new App(), each as never));
    const app = new App();
    configure(app, { SESSIONS: true });
    for (const each of [app, app.h3, settings, settings.get("SESSIONS")]) keep(each);
    expectNothingFound();
  });

  it("when requests fail", async () => {
    const app = new App<Anything>();
    const key = new Secret(SECRET);
    configure(app, { SESSIONS: { secretKey: key, csrf: "strict" } });
    keep(settings.get("SESSIONS"));
    app.route("/set", (req, res) => {
      req.session["text"] = "kept";
      res.json = null;
    });
    app.route("/throws", (req) => {
      req.session["text"] = DATA;
      throw new Error("the view's own", {
        cause: new SessionError("ERR_SESSION_STORE", "no store"),
      });
    });
    app.route("/session-in-error", (req) => {
      throw Object.assign(new Error("with a request"), { req, key });
    });
    app.route("/big", (req) => {
      req.session["big"] = DATA.repeat(300);
    });
    app.route("/not-json", (req) => {
      req.session["map"] = new Map([[DATA, 1]]);
    });
    app.route("/echo", { methods: ["POST"] }, async (req, res) => (res.json = await req.json()));
    app.route("/late", (req, res) => {
      res.body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("a"));
          setImmediate(() => {
            try {
              req.session["late"] = DATA;
            } catch (error) {
              keep(error);
            }
            controller.close();
          });
        },
      });
    });
    await using client = createClient(app);
    const cookie = async (path: string, init: RequestInit = {}) => {
      const header = `session=${hide(client.cookies.get("session", client.baseUrl) ?? "")}`;
      const headers = { cookie: header, ...init.headers };
      const response = await app.fetch(
        new Request(`http://testserver${path}`, { ...init, headers }),
      );
      keep(await response.text());
      keep([...response.headers].filter(([name]) => name !== "set-cookie"));
      for (const line of response.headers.getSetCookie()) hide(line.split(";")[0]!.split("=")[1]!);
    };
    await client.get("/set");
    for (const path of [
      "/throws",
      "/session-in-error",
      "/big",
      "/not-json",
      "/late",
      "/none",
      "/%ff",
    ]) {
      await cookie(path);
    }
    const post = { method: "POST", body: DATA };
    await cookie("/echo", post);
    await cookie("/echo", { ...post, headers: { "x-csrf-token": hide("t".repeat(64)) } });
    await cookie("/echo", { ...post, headers: { origin: "https://evil.example" } });
    await cookie("/echo", { ...post, headers: { host: "a b" } });
    await cookie("/set", { method: "POST" });
    await cookie("/set", { headers: { cookie: `session=${hide(`${"A".repeat(100)}`)}` } });
    expect(console.error).toHaveBeenCalled();
    expectNothingFound();
  });

  it("when sockets fail", async () => {
    const app = new App<Anything>();
    configure(app, { SESSIONS: { secretKey: SECRET } });
    app.route("/set", (req, res) => {
      req.session["text"] = "kept";
      res.json = null;
    });
    app.websocketRoute("/late", async (ws) => {
      for await (const _ of ws) ws.session["text"] = DATA;
    });
    app.websocketRoute("/throws", (ws) => {
      throw Object.assign(new Error("the view's own"), { ws });
    });
    app.websocketRoute("/rejects", { autoAccept: false }, async (ws) => {
      ws.session["map"] = new Map([[DATA, 1]]);
      await ws.reject(403);
    });
    await using client = createClient(app);
    await client.get("/set");
    hide(client.cookies.get("session", client.baseUrl) ?? "");
    const late = await client.websocket("/late");
    late.send("now");
    keep(await late.closed);
    for (const path of ["/throws", "/rejects", "/none"]) {
      const refused = await client.websocket(path).catch((error: unknown) => error);
      keep(refused instanceof Error ? refused.message : "opened");
    }
    expect(console.error).toHaveBeenCalled();
    expectNothingFound();
  });

  it("when an app is served that cannot be", async () => {
    const app = new App();
    keep(await LiveServer.start(app).catch((error: unknown) => error));
    const off = new App();
    configure(off, { SECRET_KEY: new Secret(SECRET) });
    off.route("/", (req, res) => (res.json = { ...req.session }));
    const response = await off.fetch(
      new Request("http://testserver/", { headers: { cookie: `session=${hide("v".repeat(80))}` } }),
    );
    expect(response.status).toBe(500);
    keep(await response.text());
    keep(settings);
    expectNothingFound();
  });
});
