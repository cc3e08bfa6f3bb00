import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { NEVER } from "../token/header.ts";
import { sessionStore } from "../store/custom.ts";
import type { Write } from "../store/store.ts";
import { LATE, lastExpiry, lastExpiryOfAny } from "./end.ts";
import { destroy } from "./functions.ts";

const NOW = 1_800_000_000;
const BORN = NOW - 1000;

describe("lastExpiry", () => {
  const last = (maxAge: number | null, absoluteMaxAge: number | null, exp: number) =>
    lastExpiry({ maxAge, absoluteMaxAge }, { born: BORN, iat: NOW - 100, exp }, NOW) - NOW - LATE;

  it.each([
    ["prolonged now", 3600, null, NOW + 3500, 3600],
    ["with a longer lifetime of its own", 60, null, NOW + 7100, 7200],
    ["with an absolute end", 3600, 1500, NOW + 400, 500],
    ["that never expires", null, null, NEVER, MAX_AGE_LIMIT],
    ["that never expired before the option maxAge was set", 60, null, NEVER, 60],
    ["without maxAge, but with an absolute end", null, 1500, NOW + 500, 500],
  ])("is the end of a cookie %s", (_what, maxAge, absoluteMaxAge, exp, seconds) => {
    expect(last(maxAge, absoluteMaxAge, exp)).toBe(seconds);
  });
});

it("lastExpiryOfAny is the end of the longest lifetime", () => {
  const last = (absoluteMaxAge: number | null) =>
    lastExpiryOfAny({ maxAge: 60, absoluteMaxAge }, NOW) - NOW - LATE;
  expect([last(null), last(1500)]).toEqual([MAX_AGE_LIMIT, 1500]);
});

describe("the end of a session", () => {
  /** Sessions with a store that remembers the keys of its writes. */
  function recorded() {
    const written: string[] = [];
    const store = sessionStore({
      isLocal: true,
      get: (keys: readonly string[]) => keys.map(() => undefined),
      replace: ({ key }: Write) => void written.push(key),
    });
    return { ...start({ store, subject: "user" }), written };
  }

  it("writes nothing for a session that was never sent", async () => {
    const { sessions, written, types } = recorded();
    await new Jar().request(sessions, (session) => {
      session["n"] = 1;
      destroy(session);
    });
    expect([written, types()]).toEqual([[], []]);
  });

  it("writes only the keys of the session, and reports the logout of its user", async () => {
    const { sessions, written, types } = recorded();
    const jar = new Jar();
    const sid = await jar.request(sessions, (session, context) => {
      session["user"] = "ana";
      return context.state.sid;
    });
    written.length = 0;
    await jar.request(sessions, (session) => destroy(session));
    expect([...new Set(written)].filter((key) => !key.startsWith("l:")).toSorted()).toEqual([
      `e:${sid}`,
      `s:${sid}`,
    ]);
    expect(types()).toContain("logout");
  });

  it("is in the store before the response", async () => {
    const kept = new Map<string, Write>();
    const store = sessionStore({
      isLocal: false,
      get: async (keys: readonly string[]) => keys.map((key) => kept.get(key)),
      replace: async (write: Write) => {
        await setTimeout(2);
        kept.set(write.key, write);
        return undefined;
      },
    });
    const { sessions } = start({ store });
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["n"] = 1));
    await jar.request(sessions, (session) => destroy(session));
    expect([...kept.keys()].some((key) => key.startsWith("e:"))).toBe(true);
  });
});
