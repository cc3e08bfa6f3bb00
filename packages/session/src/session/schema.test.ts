import * as v from "valibot";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { commitOf, nextCookie, start, visit, type Anything } from "@galleta/test-support/sessions";
import type { JsonObject } from "./format.ts";
import { flash } from "./functions.ts";
import type { StandardSchema } from "./schema.ts";

/** The same shape twice: `n` has a default, and unknown keys are dropped. */
const schemas: [string, StandardSchema][] = [
  ["zod", z.object({ user: z.string(), n: z.number().default(0) })],
  ["valibot", v.object({ user: v.string(), n: v.optional(v.number(), 0) })],
];
const cookieOf = (data: Anything) =>
  visit(start().sessions, "", (session) => void Object.assign(session, data)).cookie;

describe.each(schemas)("%s", (_, schema) => {
  it("accepts matching data, as the schema returns it", () => {
    const { sessions, events } = start({ schema });
    const next = visit(sessions, cookieOf({ user: "alice", more: 1 }), (session) => {
      expect({ ...session }).toEqual({ user: "alice", n: 0 });
    });
    expect(next.commit.setCookie).toEqual([]);
    expect(events).toEqual([]);
  });

  it("rejects data that does not match", () => {
    for (const data of [{ user: 1 }, { n: 1 }, { user: null }]) {
      const { sessions, events } = start({ schema });
      visit(sessions, cookieOf(data), (session) => expect({ ...session }).toEqual({}));
      expect(events).toMatchObject([{ type: "rejected", reason: "schema" }]);
    }
  });

  it("accepts the result of migrate, and re-issues it", () => {
    const migrate = (data: JsonObject) => ({ user: String(data["name"]), n: 7 });
    const { sessions, types } = start({ schema, migrate });
    const next = visit(sessions, cookieOf({ name: "alice" }), (session) => {
      expect({ ...session }).toEqual({ user: "alice", n: 7 });
    });
    expect(next.commit.setCookie).toHaveLength(1);
    expect(types()).toEqual(["migrated"]);
    const again = visit(sessions, next.cookie, (session) => {
      expect({ ...session }).toEqual({ user: "alice", n: 7 });
    });
    expect(again.commit.setCookie).toEqual([]);
    expect(types()).toEqual(["migrated"]);
  });

  it("gives migrate the cookie's data every time, even if migrate changes its argument", () => {
    const seen: JsonObject[] = [];
    const migrate = (data: JsonObject) => {
      seen.push({ ...data });
      const user = data["name"];
      delete data["name"];
      return Object.assign(data, { user });
    };
    const { sessions } = start({ schema, migrate });
    const cookie = cookieOf({ name: "alice" });
    for (let time = 1; time <= 4; time += 1) {
      visit(sessions, cookie, (session) => expect(session["user"]).toBe("alice"));
      expect(seen).toEqual(Array.from({ length: time }, () => ({ name: "alice" })));
    }
  });

  it.each<[string, (data: JsonObject) => JsonObject | undefined]>([
    ["gives up", () => undefined],
    [
      "throws",
      () => {
        throw new Error("not mine");
      },
    ],
    ["makes nothing better", (data) => data],
    ["gives no object", () => "text" as unknown as JsonObject],
    ["gives null", () => null as unknown as JsonObject],
  ])("rejects a result of migrate that does not match: %s", (_what, migrate) => {
    const { sessions, events } = start({ schema, migrate });
    visit(sessions, cookieOf({ name: "alice" }), (session) => expect({ ...session }).toEqual({}));
    expect(events).toMatchObject([{ type: "rejected", reason: "schema" }]);
  });

  it("throws for a write that it would not read", () => {
    const { sessions } = start({ schema });
    const context = sessions.open("");
    context.session["user"] = 1;
    expect(() => context.commit()).toThrow(expect.objectContaining({ code: "ERR_SESSION_SCHEMA" }));
    expect(commitOf(context).setCookie).toEqual([]);
  });

  it("allows a session without data to begin, hold a message, and end", () => {
    const { sessions, events } = start({ schema });
    expect(visit(sessions, "", () => undefined).commit.setCookie).toEqual([]);
    const { cookie } = visit(sessions, "", (session) => flash(session, "notice", "Hi"));
    visit(sessions, cookie, (session) => expect(flash(session, "notice")).toBe("Hi"));
    const full = visit(sessions, "", (session) => (session["user"] = "alice")).cookie;
    const ended = visit(sessions, full, (session) => {
      delete session["user"];
      delete session["n"];
    });
    expect(ended.cookie).toBe("");
    expect(events.filter(({ type }) => type === "rejected")).toEqual([]);
  });
});

describe("a schema of the app", () => {
  const make = (validate: StandardSchema["~standard"]["validate"]): StandardSchema => ({
    "~standard": { version: 1, vendor: "test", validate },
  });

  it("that throws rejects the cookie, not the request", () => {
    const schema = make(() => {
      throw new Error("boom");
    });
    const { sessions, events } = start({ schema });
    visit(sessions, cookieOf({ a: 1 }), (session) => expect({ ...session }).toEqual({}));
    expect(events).toMatchObject([{ type: "rejected", reason: "schema" }]);
  });

  it("that is asynchronous throws an error that says so", () => {
    const { sessions } = start({ schema: make(async (value) => ({ value })) });
    expect(() => sessions.open(cookieOf({ a: 1 })).session).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining("asynchronously"),
      }),
    );
  });

  it("that fails asynchronously does not end the process", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const schema = make(async () => {
      throw new Error("later");
    });
    expect(() => start({ schema }).sessions.open(cookieOf({ a: 1 })).session).toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("that returns the same object each time does not connect two sessions", () => {
    const value = Object.freeze({ a: 1 });
    const { sessions } = start({ schema: make(() => ({ value })) });
    const [one, two] = [sessions.open(cookieOf({ a: 1 })), sessions.open(cookieOf({ a: 1 }))];
    one.session["b"] = 2;
    expect({ ...two.session }).toEqual({ a: 1 });
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("does not get a result of migrate that is not an object", () => {
    const schema = make((value) =>
      typeof value === "string" ? { value: { user: value } } : { issues: [{ message: "old" }] },
    );
    const { sessions, types } = start({ schema, migrate: () => "ana" as never });
    visit(sessions, cookieOf({ a: 1 }), (session) => expect({ ...session }).toEqual({}));
    expect(types()).toEqual(["rejected"]);
  });

  it.each([null, "text", [1]])("that returns %j rejects the data", (value) => {
    const { sessions, events } = start({ schema: make(() => ({ value })) });
    visit(sessions, cookieOf({ a: 1 }), (session) => expect({ ...session }).toEqual({}));
    expect(events).toMatchObject([{ type: "rejected", reason: "schema" }]);
  });

  it("does not change the argument of migrate", () => {
    const schema = make((value) => {
      const data = value as Anything;
      if (data["new"] === true) return { value: data };
      data["touched"] = true;
      return { issues: [{ message: "old" }] };
    });
    const seen: unknown[] = [];
    const migrate = (data: JsonObject) => {
      seen.push({ ...data });
      return { new: true };
    };
    visit(start({ schema, migrate }).sessions, cookieOf({ a: 1 }));
    expect(seen).toEqual([{ a: 1 }]);
  });

  it("cannot let a nested __proto__ in", () => {
    const { sessions } = start({ schema: make((value) => ({ value })) });
    const { cookie } = visit(start().sessions, "", (session) => {
      session["a"] = JSON.parse('{"__proto__":{"admin":true},"b":1}');
    });
    const context = sessions.open(cookie);
    expect(context.session["a"]).toEqual({ b: 1 });
    expect(JSON.stringify(context.session)).not.toContain("admin");
    expect(nextCookie(cookie, commitOf(context).setCookie)).toBe(cookie);
  });
});

it("gives migrate its own object, also for a cookie that was made here", () => {
  let fits = true;
  const strict: StandardSchema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        fits || "user" in (value as object) ? { value } : { issues: [{ message: "no user" }] },
    },
  };
  const migrate = (data: JsonObject) => Object.assign(data, { user: data["name"] });
  const { sessions, types } = start({ schema: strict, migrate });
  const { cookie } = visit(sessions, "", (session) => (session["name"] = "alice"));
  fits = false;
  const [one, two] = [sessions.open(cookie), sessions.open(cookie)];
  for (const { session } of [one, two]) expect(session["user"]).toBe("alice");
  expect(types()).toEqual(["created", "migrated", "migrated"]);
  for (const context of [one, two]) expect(commitOf(context).setCookie).toHaveLength(1);
});
