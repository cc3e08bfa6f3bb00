import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { visit } from "@galleta/test-support/sessions";
import type { FormatReading, SessionFormat, StoredFormat } from "./format.ts";
import { describe as describeSession } from "./functions.ts";

const NOW = 1_800_000_000;
beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A format whose cookie has the format's name, and which reads it with a given result. */
const format = (name: string, reading: FormatReading): SessionFormat => ({
  name,
  cookieNames: [name],
  read: ({ get }) => (get(name) === undefined ? undefined : reading),
  write: (data) => [{ name, value: encodeURIComponent(JSON.stringify(data)) }],
});
const stored = (name: string, load: () => FormatReading | undefined): StoredFormat => ({
  name,
  cookieNames: [name],
  isGenuine: () => true,
  load,
});
const ana = (more: object = {}): FormatReading => ({
  ok: true,
  data: { user: "ana" },
  keyIndex: 0,
  ...more,
});

/** Reads a session. Returns its data, times and events, and the cookies of the response. */
async function read(cookie: string, options: Parameters<typeof start>[0]) {
  const { sessions, events } = start(options);
  const context = await new Jar(cookie).open(sessions);
  const data = { ...context.session };
  const { isNew, rejected } = describeSession(context.session);
  const { born, iat, exp, meta } = context.state.loaded;
  const { setCookie } = await context.commit();
  const names = setCookie.map((line) => line.slice(0, line.indexOf("=")));
  return { data, isNew, rejected, born, iat, exp, meta, events, names };
}

describe("among several formats", () => {
  it("the first counts that accepts its cookie", async () => {
    const formats = [
      format("a", { ok: false, reason: "mac" }),
      format("b", ana()),
      format("c", ana({ data: { user: "eva" } })),
    ];
    expect(await read("a=1; b=1; c=1", { formats })).toMatchObject({
      data: { user: "ana" },
      isNew: false,
      events: [{ type: "migrated", format: "b" }],
    });
    expect((await read("c=1", { formats })).data).toEqual({ user: "eva" });
  });

  it("the first reason is reported if none accepts its cookie", async () => {
    const formats = [
      format("a", { ok: false, reason: "mac" }),
      format("b", { ok: false, reason: "length" }),
    ];
    for (const [cookie, reason] of [
      ["a=1; b=1", "mac"],
      ["b=1", "length"],
    ] as const) {
      const { data, rejected, events } = await read(cookie, { formats });
      expect([data, rejected]).toEqual([{}, reason]);
      expect(events).toMatchObject([{ type: "rejected", reason }]);
    }
  });

  it("a cookie that none recognizes is malformed, and no cookie is no event", async () => {
    const formats = [format("a", ana())];
    const { rejected, events } = await read("session=eyJ1c2VyIjoiYW5hIn0", { formats });
    expect(rejected).toBe("malformed");
    expect(events).toMatchObject([{ reason: "malformed", format: "cookie-session" }]);
    expect(await read("a=1; a=2", { formats })).toMatchObject({ data: {}, rejected: "malformed" });
    expect(await read("other=1", { formats })).toMatchObject({ rejected: undefined, events: [] });
  });

  it("only the stores are asked whose cookies came", async () => {
    const asked: string[] = [];
    const formats = ["a", "b", "c"].map((name) =>
      stored(name, () => {
        asked.push(name);
        return name === "c" ? ana() : { ok: false, reason: "mac" };
      }),
    );
    expect((await read("b=1; c=1", { formats })).data).toEqual({ user: "ana" });
    expect(asked).toEqual(["b", "c"]);
    expect(await read("a=1", { formats })).toMatchObject({ data: {}, rejected: "mac" });
    const lost = [stored("a", () => undefined)];
    expect(await read("a=1", { formats: lost })).toMatchObject({ data: {}, rejected: "malformed" });
  });
});

describe("a session of a format", () => {
  const times = async (more: object, options: Parameters<typeof start>[0] = {}) => {
    const { born, iat, exp, rejected } = await read("a=1", {
      formats: [format("a", ana(more))],
      ...options,
    });
    return rejected ?? [born - NOW, iat - NOW, exp === 0xffff_ffff ? null : exp - NOW];
  };

  it("keeps its times, but is never from the future", async () => {
    expect(await times({})).toEqual([0, 0, null]);
    expect(await times({ issuedAt: NOW - 50, expiresAt: NOW + 50 })).toEqual([-50, -50, 50]);
    expect(await times({ issuedAt: NOW + 1000 })).toEqual([0, 0, null]);
    expect(await times({ issuedAt: NOW - 50, expiresAt: NOW })).toBe("expired");
    expect(await times({ issuedAt: NOW - 50 }, { absoluteMaxAge: 50 })).toBe("expired");
    expect(await times({ issuedAt: NOW - 49 }, { absoluteMaxAge: 50 })).toEqual([-49, -49, null]);
  });

  it("is issued again as ours, and its key is reported if it is old", async () => {
    const formats = [format("a", ana({ keyIndex: 2 }))];
    const { names, events, meta } = await read("a=1", { formats });
    expect(names).toEqual(["session"]);
    expect(meta).toEqual({ from: expect.stringMatching(/^[\w-]{22}$/) as string });
    expect(events).toMatchObject([
      { type: "rotated", keyIndex: 2 },
      { type: "migrated", format: "a" },
    ]);
  });

  it("of writeAs is issued again only if its key is old", async () => {
    const current = await read("a=1", { writeAs: format("a", ana()) });
    expect(current).toMatchObject({ data: { user: "ana" }, names: [], events: [], meta: {} });
    const old = await read("a=1", { writeAs: format("a", ana({ keyIndex: 1 })) });
    expect(old).toMatchObject({ names: ["a"], meta: {}, events: [{ type: "rotated" }] });
  });

  it("is issued again as writeAs, and needs no memory of where it came from", async () => {
    const options = { formats: [format("b", ana())], writeAs: format("a", ana()) };
    expect(await read("b=1", options)).toMatchObject({
      data: { user: "ana" },
      names: ["a"],
      meta: {},
      events: [{ type: "migrated", format: "b" }],
    });
  });

  it("must match the schema, or be migrated to it", async () => {
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: object) =>
          "name" in value ? { value } : { issues: [{ message: "no name" }] },
      },
    } as never;
    const formats = [format("a", ana())];
    expect(await read("a=1", { formats, schema })).toMatchObject({ data: {}, rejected: "schema" });
    const migrate = ({ user }: { [key: string]: unknown }) => ({ name: user as string });
    const writeAs = format("a", ana());
    expect(await read("a=1", { writeAs, schema, migrate })).toMatchObject({
      data: { name: "ana" },
      names: ["a"],
    });
  });

  it("shares no data with another request", () => {
    const { sessions } = start({ formats: [format("a", ana())] });
    visit(sessions, "a=1", (session) => (session["user"] = "eva"));
    visit(sessions, "a=1", (session) => expect(session).toEqual({ user: "ana" }));
  });
});
