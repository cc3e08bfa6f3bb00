import { describe, expect, it } from "vitest";
import {
  applyCommit,
  Commit,
  joinCommits,
  privateNoStore,
  UNTOUCHED,
  varyOnCookie,
} from "./headers.ts";

describe("varyOnCookie", () => {
  it.each([
    [undefined, "Cookie"],
    [null, "Cookie"],
    ["", "Cookie"],
    ["  ", "Cookie"],
    ["Accept-Encoding", "Accept-Encoding, Cookie"],
    ["Accept, Origin", "Accept, Origin, Cookie"],
    ["Cookie", "Cookie"],
    ["cookie", "cookie"],
    ["Accept,COOKIE ,Origin", "Accept,COOKIE ,Origin"],
    ["*", "*"],
    ["Accept, *", "Accept, *"],
    ["Cookie2", "Cookie2, Cookie"],
    ["X-Cookie", "X-Cookie, Cookie"],
  ])("%j becomes %j", (existing, vary) => {
    expect(varyOnCookie(existing)).toBe(vary);
  });
});

describe("privateNoStore", () => {
  it.each([
    undefined,
    null,
    "",
    "public",
    "public, max-age=60",
    "private",
    "private, max-age=60",
    "no-cache",
    "max-age=0, must-revalidate",
    "x-no-store",
    "no-store=1",
    'private="x"',
  ])("replaces %j, which is not strict enough", (existing) =>
    expect(privateNoStore(existing)).toBe("private, no-store"),
  );
  it.each([
    "no-store",
    "NO-STORE",
    "no-store, max-age=0",
    "private , No-Store",
    "private,no-store,max-age=0",
  ])("keeps %j", (existing) => expect(privateNoStore(existing)).toBe(existing));
});

describe("applyCommit", () => {
  const apply = (commit: Parameters<typeof applyCommit>[0], given: Record<string, string> = {}) => {
    const headers = new Headers(given);
    applyCommit(commit, headers);
    return headers;
  };

  it("changes nothing if the session was not touched", () => {
    const headers = apply(UNTOUCHED, { "cache-control": "public", vary: "Accept" });
    expect([...headers]).toEqual([
      ["cache-control", "public"],
      ["vary", "Accept"],
    ]);
  });
  it("adds Vary after a read", () => {
    const headers = apply({ accessed: true, setCookie: [] }, { "cache-control": "public" });
    expect([...headers]).toEqual([
      ["cache-control", "public"],
      ["vary", "Cookie"],
    ]);
  });
  it("keeps a response with cookies out of caches, and keeps the app's cookies", () => {
    const headers = apply(
      { accessed: true, setCookie: ["a=1; Path=/", "a.1=2; Path=/"] },
      { "set-cookie": "own=1", "cache-control": "public, max-age=60", vary: "*" },
    );
    expect(headers.getSetCookie()).toEqual(["own=1", "a=1; Path=/", "a.1=2; Path=/"]);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(headers.get("vary")).toBe("*");
  });
  it("sends Clear-Site-Data if it was asked for", () => {
    const headers = apply({ accessed: true, setCookie: [], clearSiteData: '"cookies"' });
    expect(headers.get("clear-site-data")).toBe('"cookies"');
  });
});

describe("joinCommits", () => {
  it("keeps the cookies and headers of every session", () => {
    const joined = joinCommits([
      UNTOUCHED,
      new Commit(true, ["a=1"], undefined, { "x-list": "one", "x-other": "1" }),
      new Commit(true, ["b=2", "b.1=3"], '"cookies"', { "x-list": "two" }),
    ]);
    expect({ ...joined }).toStrictEqual({
      accessed: true,
      setCookie: ["a=1", "b=2", "b.1=3"],
      clearSiteData: '"cookies"',
      headers: { "x-list": "one, two", "x-other": "1" },
    });
  });

  it("has no headers that no session has", () => {
    const joined = joinCommits([UNTOUCHED, new Commit(true, ["a=1"])]);
    expect({ ...joined }).toStrictEqual({ accessed: true, setCookie: ["a=1"] });
    expect({ ...joinCommits([UNTOUCHED]) }).toStrictEqual({ accessed: false, setCookie: [] });
  });
});
