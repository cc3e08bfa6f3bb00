import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connect2, createServer as createServer2 } from "node:http2";
import { connect } from "node:net";
import { Readable } from "node:stream";
import express from "express";
import Fastify from "fastify";
import { sessionStore } from "@galleta/session";
import { session as fastifySession } from "@galleta/session/fastify";
import fromSecureSession from "@galleta/session/fastify-secure-session";
import fromSession from "@galleta/session/fastify-session";
import { withSession } from "@galleta/session/fetch";
import { session as nodeSession } from "@galleta/session/node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { withEvents, type Running } from "./harness.ts";
import { deferred, listen } from "./harnesses/listen.ts";
import { ask } from "./wire.ts";

let running: Running | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function serveExpress(app: express.Express): Promise<string> {
  running = await listen(createServer(app));
  return running.origin;
}

/** Sends a request as it is written and gives the whole answer. */
function raw(origin: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
    socket.write(text);
  });
}

describe("Node", () => {
  it.each([
    ["a stream is piped", undefined],
    ["a store answers later", new Map<string, string>()],
  ])("answers 500 and warns if no caller could catch the error: %s", async (_when, values) => {
    const store =
      values &&
      sessionStore({
        get: async (key: string) => values.get(key),
        set: async (key: string, value: string) => values.set(key, value),
        delete: async (key: string) => values.delete(key),
      });
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    const options = withEvents(store === undefined ? {} : { store }).options;
    const listener = nodeSession(options)((req, res) => {
      Object.assign(req.session, { big: "x".repeat(6000) });
      res.setHeader("x-secret", "of the response that failed");
      if (store === undefined) Readable.from(["lost"]).pipe(res as ServerResponse);
      else res.end("lost");
    });
    running = await listen(createServer(listener as never));
    const { status, body, headers } = await ask(running.origin, "/");
    expect({ status, body }).toEqual({ status: 500, body: '{"error":"Internal Server Error"}' });
    expect(headers["x-secret"]).toBeUndefined();
    expect(await warned).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });

  it("survives a client that leaves while the commit waits for a store", async () => {
    const waits = deferred<void>();
    const values = new Map<string, string>();
    const store = sessionStore({
      get: async (key: string) => values.get(key),
      set: (key: string, value: string) => waits.promise.then(() => values.set(key, value)),
      delete: async (key: string) => values.delete(key),
    });
    const began = deferred<void>();
    const gone = deferred<void>();
    const listener = nodeSession(withEvents({ store }).options)((req, res) => {
      if (req.url === "/") Object.assign(req.session, { seen: true });
      res.on("close", () => gone.resolve());
      res.end("answer");
      began.resolve();
    });
    running = await listen(createServer(listener as never));
    const req = request(running.origin, { agent: false });
    req.on("error", () => {});
    req.end();
    await began.promise;
    req.destroy();
    await gone.promise;
    waits.resolve();
    expect((await ask(running.origin, "/untouched")).body).toBe("answer");
  });
});

describe("two sessions on one request", () => {
  it("are an error, from any two adapters", async () => {
    const withSession = nodeSession(withEvents().options);
    const app = express();
    app.use((req, res, next) => {
      if (withSession.attach(req, res) === true) next();
    });
    const inner = nodeSession(withEvents().options)(() => undefined);
    app.use((req, res) => {
      try {
        inner(req, res);
      } catch (error) {
        res.send((error as { code?: string }).code);
      }
    });
    expect((await ask(await serveExpress(app), "/")).body).toBe("ERR_SESSION_SETUP");
  });

  it("are an error on one response too, even with two request objects", async () => {
    const withSession = nodeSession(withEvents().options);
    const server = createServer((req, res) => {
      const other = { method: "GET", url: "/", headers: req.headers, rawHeaders: req.rawHeaders };
      const use = (of: object) => {
        withSession.attach(of as IncomingMessage, res);
        Object.assign((of as { session: object }).session, { seen: true });
      };
      use(req);
      try {
        use({ ...other, socket: req.socket });
      } catch (error) {
        res.end((error as { code?: string }).code);
      }
    });
    running = await listen(server);
    const { body, setCookie } = await ask(running.origin, "/");
    expect({ body, cookies: setCookie.length }).toEqual({ body: "ERR_SESSION_SETUP", cookies: 1 });
  });
});

describe("the site of a request", () => {
  const listener = nodeSession(withEvents().options)((req, res) => {
    res.end(JSON.stringify(req.session));
  });

  it("cannot be given by two Host headers", async () => {
    running = await listen(createServer(listener as never));
    const hosts = "Host: a.example\r\nHost: b.example\r\n";
    const answer = await raw(running.origin, `GET / HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    const same = "Host: a.example\r\nhost: a.example\r\n";
    const twice = await raw(running.origin, `GET / HTTP/1.1\r\n${same}Connection: close\r\n\r\n`);
    expect(twice).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each([
    ["the same", "a.example", 200],
    ["another", "b.example", 400],
  ])("is :authority on HTTP/2, where Host says %s", async (_what, host, status) => {
    running = await listen(createServer2(listener as never));
    const client = connect2(running.origin);
    const stream = client.request({ ":authority": "a.example", host });
    const got = await new Promise((resolve) => {
      stream.on("response", (headers) => resolve(headers[":status"]));
    });
    client.destroy();
    expect(got).toBe(status);
  });
});

describe("Fastify", () => {
  it("keeps the session inside the instance that registered it", async () => {
    const app = Fastify();
    const seen = (request: object) => "session" in request;
    app.get("/outside", seen);
    app.register(async (inside) => {
      await inside.register(fastifySession(withEvents().options));
      inside.get("/inside", seen);
      inside.register(async (deeper) => void deeper.get("/deeper", seen));
    });
    const answers = await Promise.all(
      ["/outside", "/inside", "/deeper"].map(async (url) => (await app.inject(url)).body),
    );
    await app.close();
    expect(answers).toEqual(["false", "true", "true"]);
  });

  it.each([fastifySession, fromSession, fromSecureSession])(
    "says that register takes the result of session(), not the function",
    (session) => {
      expect(() => session(Fastify() as never)).toThrow(
        expect.objectContaining({
          code: "ERR_SESSION_SETUP",
          message: expect.stringContaining("app.register(session({ secretKey }))") as string,
        }),
      );
    },
  );

  it("sets the cookie of a reply that was hijacked", async () => {
    const app = Fastify();
    await app.register(fastifySession(withEvents().options));
    app.get("/", (request, reply) => {
      Object.assign(request.session, { seen: true });
      reply.hijack();
      reply.raw.writeHead(200, { "x-own": "1" }).end("raw");
    });
    const { body, headers } = await app.inject("/");
    await app.close();
    expect({ body, own: headers["x-own"] }).toEqual({ body: "raw", own: "1" });
    expect(String(headers["set-cookie"])).toMatch(/^session=/);
  });
});

describe("Fetch", () => {
  const change = (context: { session: object }) => Object.assign(context.session, { seen: true });

  it("passes on an error of the handler, and warns that a cookie was lost", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const serve = withSession((_request, context) => {
      change(context);
      throw new Error("redirected");
    }, withEvents().options);
    await expect(serve(new Request("http://a.example/"))).rejects.toThrow("redirected");
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("ERR_SESSION_RUNTIME"));
    warn.mockRestore();
  });

  it("answers with a Response that was thrown", async () => {
    const serve = withSession((_request, context) => {
      change(context);
      throw Response.redirect("http://a.example/login");
    }, withEvents().options);
    const response = await serve(new Request("http://a.example/"));
    expect(response.status).toBe(302);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("finds the client's address on Bun and Deno", async () => {
    const options = withEvents({ trustProxy: ["10.0.0.1"], httpsOnly: "auto" }).options;
    const serve = withSession((_request, context, ..._beside) => {
      change(context);
      return new Response("seen");
    }, options);
    const headers = { "x-forwarded-proto": "https", "x-forwarded-for": "1.2.3.4" };
    const secure = async (beside: unknown) => {
      const response = await serve(new Request("http://a.example/", { headers }), beside);
      return /; Secure/.test(response.headers.getSetCookie()[0] ?? "");
    };
    expect(await secure({ remoteAddr: { hostname: "10.0.0.1" } })).toBe(true);
    expect(await secure({ requestIP: () => ({ address: "10.0.0.1" }) })).toBe(true);
    expect(await secure({ remoteAddr: { hostname: "10.0.0.2" } })).toBe(false);
    expect(await secure(undefined)).toBe(false);
  });
});
