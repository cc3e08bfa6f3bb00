// Substitutes for a request or response of Node: serverless functions and tests.
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { session } from "@galleta/session/express";
import type express from "express";
import { expect, it } from "vitest";
import { withEvents } from "./harness.ts";

/** Makes one like serverless-http: the headers as an object, and nothing raw. */
function request(headers: Record<string, string>, method = "GET"): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { method, url: "/", headers });
}

/** Makes one like node-mocks-http: neither a stream nor `flushHeaders`. */
function response() {
  const headers = new Map<string, unknown>();
  const state = { status: 200, body: "", headers };
  const res = {
    headersSent: false,
    statusCode: 200,
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    getHeaderNames: () => [...headers.keys()],
    setHeader: (name: string, value: unknown) => void headers.set(name.toLowerCase(), value),
    removeHeader: (name: string) => headers.delete(name.toLowerCase()),
    writeHead(status: number) {
      res.statusCode = status;
    },
    write: () => true,
    end(body: string) {
      Object.assign(state, { status: res.statusCode, body: String(body) });
      res.headersSent = true;
    },
  };
  return { res, state };
}

function run(options: object, req: IncomingMessage, view: (req: express.Request) => string) {
  const { res, state } = response();
  const middleware = session({ ...withEvents().options, ...options });
  const next = (error?: unknown) => {
    if (error !== undefined) throw error;
    const body = view(req as express.Request);
    res.end(body);
  };
  middleware(req, res, next);
  return state;
}

it("a response without flushHeaders is not a handshake: its session is saved", () => {
  const { headers, body } = run({}, request({ host: "app.example" }), (req) => {
    Object.assign(req.session, { name: "ana" });
    return "written";
  });
  expect(body).toBe("written");
  expect(headers.get("set-cookie")).toEqual([expect.stringMatching(/^session=/)]);
});

it("takes the Host from the parsed headers if there are no raw ones", () => {
  const options = { allowedHosts: ["app.example"] };
  expect(run(options, request({ host: "app.example" }), () => "served").body).toBe("served");
  const refused = run(options, request({ host: "evil.example" }), () => "served");
  expect(refused).toMatchObject({ status: 400, body: expect.stringContaining("ERR_SESSION_HOST") });
});

it("denies a cross-site request without raw headers", () => {
  const foreign = { host: "app.example", origin: "https://evil.example" };
  expect(run({}, request(foreign, "POST"), () => "served").status).toBe(403);
  const own = { host: "app.example", origin: "http://app.example" };
  expect(run({}, request(own, "POST"), () => "served").body).toBe("served");
});
