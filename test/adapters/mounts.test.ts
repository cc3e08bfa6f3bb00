// Frameworks that mount an app with a new Request for a shorter path.
import type { SessionEvent } from "@galleta/session";
import { session } from "@galleta/session/fetch";
import { session as fastifySession } from "@galleta/session/fastify";
import { session as h3Session } from "@galleta/session/h3";
import { session as honoSession } from "@galleta/session/hono";
import createFastify, { type FastifyPluginAsync } from "fastify";
import { H3 } from "h3";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";

type Handler = (request: Request) => Response | Promise<Response>;

const answer: Handler = (request) => new Response(new URL(request.url).pathname);

const optionsFor = (exempt: string, events: SessionEvent[] = []) => ({
  secretKey: "a key for the tests of mounted apps, long enough",
  csrf: { exempt: [exempt] },
  onEvent: (event: SessionEvent) => void events.push(event),
});

/** Mounts a handler at /api, with sessions before the mount or without. */
const FRAMEWORKS: [name: string, mount: (inner: Handler, exempt?: string) => Handler][] = [
  [
    "Hono",
    (inner, exempt) => {
      const app = new Hono();
      if (exempt !== undefined) app.use(honoSession(optionsFor(exempt)));
      app.mount("/api", inner);
      return (request) => app.fetch(request);
    },
  ],
  [
    "h3",
    (inner, exempt) => {
      const app = new H3();
      if (exempt !== undefined) app.register(h3Session(optionsFor(exempt)));
      app.mount("/api", { fetch: inner });
      return (request) => app.fetch(request);
    },
  ],
];

const foreign = (path: string) =>
  new Request(`http://shop.example${path}`, {
    method: "POST",
    headers: { host: "shop.example", origin: "http://evil.example" },
  });

describe.each(FRAMEWORKS)("an app mounted in %s", (_, mount) => {
  test("is exempt by the whole path if the sessions come before the mount", async () => {
    const app = mount(answer, "/api/hook");
    expect(await (await app(foreign("/api/hook"))).text()).toBe("/hook");
    expect((await app(foreign("/api/other"))).status).toBe(403);
    expect((await app(foreign("/hook"))).status).toBe(403);
  });

  test("is exempt by the path that it gets if it has the sessions itself", async () => {
    const events: SessionEvent[] = [];
    const app = mount(session(optionsFor("/hook", events))(answer));
    expect(await (await app(foreign("/api/hook"))).text()).toBe("/hook");
    expect((await app(foreign("/api/other"))).status).toBe(403);
    // The log shows the path to exempt.
    expect(events).toMatchObject([{ type: "csrf", method: "POST", path: "/other" }]);
  });
});

describe("a prefix that a framework does not cut off belongs to the path", () => {
  test("of a plugin of Fastify that has the sessions itself", async () => {
    const app = createFastify();
    const api: FastifyPluginAsync = async (inner) => {
      await inner.register(fastifySession(optionsFor("/api/hook")));
      inner.post("/hook", () => "here");
      inner.post("/other", () => "here");
    };
    await app.register(api, { prefix: "/api" });
    const headers = { host: "shop.example", origin: "http://evil.example" };
    const post = async (url: string) =>
      (await app.inject({ method: "POST", url, headers })).statusCode;
    expect([await post("/api/hook"), await post("/api/other")]).toEqual([200, 403]);
  });

  test("of an app that Hono routes to, and that has the sessions itself", async () => {
    const inner = new Hono().use(honoSession(optionsFor("/api/hook")));
    inner.post("/hook", (c) => c.text("here")).post("/other", (c) => c.text("here"));
    const app = new Hono().route("/api", inner);
    const status = async (path: string) => (await app.fetch(foreign(path))).status;
    expect([await status("/api/hook"), await status("/api/other")]).toEqual([200, 403]);
  });
});
