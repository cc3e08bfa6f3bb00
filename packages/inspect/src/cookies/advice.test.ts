import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Secret, type SessionOptions, createSessions } from "@galleta/session";
import { starlette } from "@galleta/session/formats/starlette";
import { memoryStore, sessionStore } from "@galleta/session";
import { adviseOn } from "./advice.ts";

const SHARED = sessionStore({ get: () => undefined, set: () => undefined, delete: () => true });
const KEY = "a-test-key-that-is-long-enough-0123456789";

function advise(options: Partial<SessionOptions<never>>) {
  const all = { secretKey: KEY, ...options };
  const advice = adviseOn(all, createSessions<never>(all).open(""));
  return new Map(advice.map((each) => [each.topic, each]));
}

describe("adviseOn", () => {
  beforeEach(() => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
  });
  afterEach(() => vi.restoreAllMocks());

  it("lists the weaknesses of the defaults, the worst first", () => {
    const advice = [...advise({}).values()];
    expect(advice.map(({ level, topic }) => `${level} ${topic}`)).toEqual([
      "warning httpsOnly",
      "note encrypt",
      "note store",
      "note sessionCookie",
      "note absoluteMaxAge",
      "note allowedHosts",
      "ok secretKey",
      "ok csrf",
      "ok sameSite",
    ]);
    for (const { level, fix } of advice) expect(fix === undefined).toBe(level === "ok");
  });
  it("finds no weakness in hardened settings", () => {
    const advice = [...advise({ hardened: true, allowedHosts: ["example.com"] }).values()];
    expect(advice.filter(({ level }) => level !== "ok").map(({ topic }) => topic)).toEqual([
      "store",
    ]);
  });
  it.each<[string, Partial<SessionOptions<never>>, string, string]>([
    ["a short key", { secretKey: "1234" }, "secretKey", "warning"],
    ["a well-known key", { secretKey: new Secret("keyboard cat") }, "secretKey", "warning"],
    ["an old weak key", { secretKey: [KEY, "1234"] }, "secretKey", "warning"],
    ["no HTTPS", { httpsOnly: false }, "httpsOnly", "warning"],
    ["HTTPS where it is seen", { httpsOnly: "auto" }, "httpsOnly", "note"],
    ["HTTPS behind a proxy", { httpsOnly: "auto", trustProxy: true }, "httpsOnly", "ok"],
    ["no check of origins", { csrf: false }, "csrf", "warning"],
    ["a path that is not checked", { csrf: { exempt: ["/hook"] } }, "csrf", "note"],
    ["another origin", { trustedOrigins: ["https://a.example"] }, "csrf", "note"],
    ["strict checks", { csrf: "strict" }, "csrf", "ok"],
    ["cross-site cookies", { sameSite: "none", httpsOnly: true }, "sameSite", "note"],
    ["a domain", { domain: "example.com" }, "domain", "note"],
    ["no end at all", { maxAge: null }, "maxAge", "note"],
    ["a fixed end", { rolling: false }, "maxAge", "ok"],
    ["a store of this process", { store: memoryStore() }, "store", "note"],
    ["a store that is shared", { store: SHARED }, "store", "ok"],
    ["a store that may fail", { store: SHARED, onStoreError: "allow" }, "onStoreError", "note"],
    ["a shared cookie", { writeAs: starlette({ secretKey: KEY }) }, "writeAs", "note"],
  ])("judges %s", (_what, options, topic, level) => {
    expect(advise(options).get(topic)?.level).toBe(level);
  });
  it("shows no key", () => {
    const text = JSON.stringify([...advise({ secretKey: [KEY, "hunter2hunter2"] }).values()]);
    expect(text).not.toContain(KEY);
    expect(text).not.toContain("hunter2");
    expect(text).toContain("number 2 has fewer than 32 characters");
  });
});
