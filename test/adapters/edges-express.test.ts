import { createServer, request, ServerResponse } from "node:http";
import express from "express";
import express4 from "express4";
import { csrfToken, type SessionOptions } from "@galleta/session";
import { session as expressSession } from "@galleta/session/express";
import { Server } from "socket.io";
import { io as connectIo } from "socket.io-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { withEvents, type Running } from "./harness.ts";
import { listen } from "./harnesses/listen.ts";
import { ask, handshake, Jar } from "./wire.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function serveExpress(app: express.Express): Promise<string> {
  running = await listen(createServer(app));
  return running.origin;
}

describe.each([
  ["Express 5", express],
  ["Express 4", express4],
])("%s behind a proxy that only Express trusts", (_name, create) => {
  async function warningsOf(trusted: unknown, options: Partial<SessionOptions> = {}) {
    const app = create();
    app.set("trust proxy", trusted);
    app.use(expressSession(withEvents(options).options));
    app.get("/", (_req, res) => void res.send("seen"));
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const origin = await serveExpress(app);
    for (let i = 0; i < 3; i += 1) expect((await ask(origin, "/")).body).toBe("seen");
    const warnings = warn.mock.calls.map(([warning]) => warning);
    warn.mockRestore();
    return warnings;
  }

  it.each([[1], [true], ["loopback"], [() => true]])(
    "warns once, at the first request, of %s",
    async (trusted) => {
      const warnings = await warningsOf(trusted);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatchObject({
        code: "ERR_SESSION_SETUP",
        message: expect.stringContaining("Set the option `trustProxy` of the sessions as well"),
      });
    },
  );

  it("is quiet if the sessions have trustProxy, or Express trusts no proxy", async () => {
    expect(await warningsOf(1, { trustProxy: 1 })).toEqual([]);
    expect(await warningsOf(1, { trustProxy: false })).toEqual([]);
    expect(await warningsOf(false)).toEqual([]);
    expect(await warningsOf(0)).toEqual([]);
  });
});

describe("Express", () => {
  const strict = () => withEvents({ csrf: "strict" }).options;

  it("throws for a change on a socket of express-ws whose handshake was not guarded", async () => {
    const app = express();
    // As express-ws does, after its 101.
    app.use((req, _res, next) => {
      Object.assign(req, { ws: {} });
      next();
    });
    app.use(expressSession(withEvents().options));
    app.get("/", (req, res) => {
      try {
        Object.assign(req.session, { late: true });
        res.send("written");
      } catch (error) {
        res.send((error as { code?: string }).code);
      }
    });
    const { body, setCookie } = await ask(await serveExpress(app), "/", handshake());
    expect([body, setCookie]).toEqual(["ERR_SESSION_HANDSHAKE_SENT", []]);
  });

  it("finds the token in a form that was already parsed", async () => {
    const app = express();
    app.use(express.urlencoded({ extended: false }));
    app.use(expressSession(strict()));
    app.get("/", (req, res) => void res.send(csrfToken(req.session)));
    app.post("/", (req, res) => void res.json(req.body));
    const origin = await serveExpress(app);
    const jar = new Jar();
    const token = (await ask(origin, "/", { jar })).body;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const post = (body: string) => ask(origin, "/", { method: "POST", jar, headers, body });
    expect((await post(`a=1&csrf_token=${token}`)).body).toContain('"a":"1"');
    expect((await post("a=1&csrf_token=wrong")).status).toBe(403);
    // Two fields of one name are a list, and neither counts.
    expect((await post(`csrf_token=${token}&csrf_token=${token}`)).status).toBe(403);
    expect((await post("a=1")).status).toBe(403);
  });

  it("exempts by the request line, also inside a router", async () => {
    const app = express();
    const api = express.Router();
    api.use(expressSession(withEvents({ csrf: { exempt: ["/api/hook"] } }).options));
    api.post("/hook", (_req, res) => void res.send("taken"));
    app.use("/api", api);
    const origin = await serveExpress(app);
    const foreign = { method: "POST", headers: { origin: "https://evil.example" } };
    expect((await ask(origin, "/api/hook", foreign)).body).toBe("taken");
    expect((await ask(origin, "/api/hook/", foreign)).status).toBe(403);
    expect((await ask(origin, "/api/HOOK", foreign)).status).toBe(403);
  });

  it("survives a client that leaves in the middle of a form", async () => {
    const app = express();
    app.use(expressSession(strict()));
    app.get("/", (req, res) => void res.send(csrfToken(req.session)));
    app.post("/", (_req, res) => void res.send("posted"));
    const origin = await serveExpress(app);
    const jar = new Jar();
    await ask(origin, "/", { jar });
    await new Promise<void>((resolve) => {
      const headers = {
        cookie: jar.header,
        "content-type": "application/x-www-form-urlencoded",
        "content-length": "1000",
      };
      const req = request(origin, { method: "POST", headers, agent: false });
      req.on("error", () => resolve());
      req.write("csrf_token=", () => req.destroy());
    });
    expect((await ask(origin, "/", { jar })).status).toBe(200);
  });

  it("keeps the session of a mounted app when the request has left it", async () => {
    const app = express();
    const inner = express();
    inner.use(expressSession(withEvents().options));
    inner.use((req, _res, next) => {
      Object.assign(req.session, { name: "ana" });
      next();
    });
    app.use("/inner", inner);
    app.use(
      (req, res) => void res.json({ own: Object.keys(req).includes("session"), ...req.session }),
    );
    const { body, setCookie } = await ask(await serveExpress(app), "/inner");
    expect({ body, cookies: setCookie.length }).toEqual({
      body: '{"own":true,"name":"ana"}',
      cookies: 1,
    });
  });

  it("leaves an untouched response as it is", async () => {
    const app = express();
    app.use(expressSession(withEvents().options));
    app.get("/", (_req, res) => {
      res.json(res.writeHead === ServerResponse.prototype.writeHead);
    });
    expect((await ask(await serveExpress(app), "/")).body).toBe("true");
  });
});

describe("Socket.IO with the middleware of Express", () => {
  it.each([["polling"], ["websocket"]] as const)("reads the session over %s", async (transport) => {
    const middleware = expressSession(withEvents().options);
    const app = express();
    app.use(middleware);
    app.get("/", (req, res) => {
      Object.assign(req.session, { name: "ana" });
      res.end();
    });
    const server = createServer(app);
    const io = new Server(server, { serveClient: false });
    io.engine.use(middleware);
    io.on("connection", (socket) => {
      const { session } = socket.request as unknown as { session: Record<string, unknown> };
      let late: unknown;
      try {
        session["name"] = "eva";
      } catch (error) {
        late = (error as { code?: string }).code;
      }
      socket.emit("told", session["name"], late);
    });
    running = await listen(server);
    const jar = new Jar();
    await ask(running.origin, "/", { jar });
    const extraHeaders = { cookie: jar.header };
    const client = connectIo(running.origin, { transports: [transport], extraHeaders });
    const told = await new Promise((resolve) => client.on("told", (...args) => resolve(args)));
    client.close();
    await io.close();
    running = undefined;
    expect(told).toEqual([
      "ana",
      transport === "polling" ? "ERR_SESSION_COMMITTED" : "ERR_SESSION_HANDSHAKE_SENT",
    ]);
  });
});
