import { describe as describeSession, destroy, renew, type SessionOptions } from "@galleta/session";
import { session } from "@galleta/session/fastify";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { SECRET, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";

// The requirements of @fastify/secure-session's own tests, for the Fastify adapter with mapped
// options. docs/adapters/fastify.md lists the differences, with reasons.

type Data = Record<string, unknown>;

async function build(options: Partial<SessionOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(session({ ...withEvents().options, encrypt: true, ...options }));
  const dataOf = (request: object) => (request as unknown as { session: Data }).session;
  app.post("/login", (request) => Object.assign(dataOf(request), request.body));
  app.get("/", (request) => ({ ...dataOf(request) }));
  app.get("/untouched", () => "untouched");
  app.get("/id", (request) => describeSession(dataOf(request)).id);
  app.post("/regenerate", (request) => {
    renew(dataOf(request));
    return "new id";
  });
  app.post("/logout", (request) => {
    destroy(dataOf(request));
    return "gone";
  });
  return app;
}

async function ask(app: FastifyInstance, jar: Jar, path: string, payload?: object) {
  const { headers, body } = await app.inject({
    method: payload === undefined ? "GET" : "POST",
    url: path,
    headers: jar.header === "" ? {} : { cookie: jar.header },
    ...(payload && { payload }),
  });
  const setCookie = [headers["set-cookie"] ?? []].flat();
  jar.take(setCookie);
  return { setCookie, body };
}

describe("the key", () => {
  it.each([[undefined], [[]], [1], [Buffer.alloc(32)], [{}]])("must be text: %o throws", (key) => {
    expect(() => session({ secretKey: key as never })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_KEY" }),
    );
  });

  it("may be a list: the first writes, all read", async () => {
    const jar = new Jar();
    await ask(await build(), jar, "/login", { user: "ana" });
    const rotated = await build({ secretKey: ["a newer key of this suite, long enough", SECRET] });
    const { body, setCookie } = await ask(rotated, jar, "/");
    expect([body, setCookie.length]).toEqual(['{"user":"ana"}', 1]);
    const newest = await build({ secretKey: "a newer key of this suite, long enough" });
    expect((await ask(newest, jar, "/")).body).toBe('{"user":"ana"}');
  });

  it("reads nothing of another key", async () => {
    const jar = new Jar();
    await ask(await build(), jar, "/login", { user: "ana" });
    const other = await build({ secretKey: "quite another key of this suite, long enough" });
    expect((await ask(other, jar, "/")).body).toBe("{}");
  });
});

describe("a session", () => {
  it("is set and read as properties, and all of it by spreading", async () => {
    const jar = new Jar();
    const app = await build();
    await ask(app, jar, "/login", { user: "ana", nested: { a: [1] } });
    expect((await ask(app, jar, "/")).body).toBe('{"user":"ana","nested":{"a":[1]}}');
  });

  it("is empty if the cookie was cut, changed, or has a wrong length", async () => {
    const app = await build();
    const jar = new Jar();
    await ask(app, jar, "/login", { user: "ana" });
    const value = jar.get("session") ?? "";
    for (const wrong of ["", ";", "a", "testtest", value.slice(4), `${value}A`, `A${value}`]) {
      const bad = new Jar();
      bad.set("session", wrong);
      expect((await ask(app, bad, "/")).body).toBe("{}");
    }
  });

  it("ends on the server after maxAge, and after absoluteMaxAge even if it is used", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const app = await build({ maxAge: 900, absoluteMaxAge: 1800 });
      const used = new Jar();
      const left = new Jar();
      await ask(app, used, "/login", { user: "ana" });
      await ask(app, left, "/login", { user: "eva" });
      const seen: string[] = [];
      for (let step = 0; step < 4; step += 1) {
        vi.setSystemTime(Date.now() + 500_000);
        seen.push((await ask(app, used, "/")).body);
      }
      expect(seen).toEqual(['{"user":"ana"}', '{"user":"ana"}', '{"user":"ana"}', "{}"]);
      expect((await ask(app, left, "/")).body).toBe("{}");
    } finally {
      vi.useRealTimers();
    }
  });

  it("has a new id and its data after renew", async () => {
    const app = await build();
    const jar = new Jar();
    await ask(app, jar, "/login", { user: "ana" });
    const { body: before } = await ask(app, jar, "/id");
    await ask(app, jar, "/regenerate", {});
    expect((await ask(app, jar, "/id")).body).not.toBe(before);
    expect((await ask(app, jar, "/")).body).toBe('{"user":"ana"}');
  });

  it("is gone after destroy, and its cookie is deleted with the same path and domain", async () => {
    const app = await build({ path: "/", domain: "example.com" });
    const jar = new Jar();
    await ask(app, jar, "/login", { user: "ana" });
    const { setCookie } = await ask(app, jar, "/logout", {});
    expect(setCookie[0]).toMatch(
      /^session=; Max-Age=0; Expires=[^;]+; Path=\/; Domain=example.com/,
    );
    expect((await ask(app, jar, "/")).body).toBe("{}");
  });
});

describe("the cookie", () => {
  it("is sent for a change, and for use after a tenth of its life, and otherwise not", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const app = await build({ maxAge: 1000 });
      const jar = new Jar();
      const sent: number[] = [];
      for (const path of ["/untouched", "/", "/login", "/", "/untouched", "/"]) {
        if (sent.length === 4) vi.setSystemTime(Date.now() + 101_000);
        const payload = path === "/login" ? { user: "ana" } : undefined;
        sent.push((await ask(app, jar, path, payload)).setCookie.length);
      }
      expect(sent).toEqual([0, 0, 1, 0, 0, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is HttpOnly, with the name and path of the options", async () => {
    const app = await build({ sessionCookie: "my-session", path: "/some/path", maxAge: null });
    const { setCookie } = await ask(app, new Jar(), "/login", { user: "ana" });
    expect(setCookie[0]).toMatch(/^my-session=[\w-]+; Path=\/some\/path; HttpOnly; SameSite=Lax$/);
  });

  it("has no options that only secure-session has", () => {
    for (const name of ["salt", "secret", "cookieName", "cookie", "expiry", "key"]) {
      expect(() => session({ secretKey: SECRET, [name]: "x" } as never)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
      );
    }
  });
});

it("with a schema, a session that does not match is empty", async () => {
  const jar = new Jar();
  await ask(await build(), jar, "/login", { user: 1 });
  const app = await build({ schema: z.object({ user: z.string() }) });
  expect((await ask(app, jar, "/")).body).toBe("{}");
});

it("inner instances share the session, and a second one beside it is an error", async () => {
  const app = await build();
  app.register((inner, _options, done) => {
    inner.get("/inner", (request) => ({ ...(request as unknown as { session: Data }).session }));
    done();
  });
  const jar = new Jar();
  await ask(app, jar, "/login", { user: "ana" });
  expect((await ask(app, jar, "/inner")).body).toBe('{"user":"ana"}');
  const twice = Fastify();
  await twice.register(session({ secretKey: SECRET }));
  await expect(twice.register(session({ secretKey: SECRET }))).rejects.toMatchObject({
    code: "ERR_SESSION_SETUP",
  });
});
