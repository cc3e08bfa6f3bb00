import { describe, expect, it } from "vitest";
import { applyCommit, privateNoStore, UNTOUCHED, varyOnCookie } from "./headers.ts";

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
  ])("%j is not strict enough", (existing) =>
    expect(privateNoStore(existing)).toBe("private, no-store"),
  );
  it.each([
    "no-store",
    "NO-STORE",
    "no-store, max-age=0",
    "private , No-Store",
    "private,no-store,max-age=0",
  ])("%j stays as it is", (existing) => expect(privateNoStore(existing)).toBe(existing));
});

describe("applyCommit", () => {
  const apply = (commit: Parameters<typeof applyCommit>[0], given: Record<string, string> = {}) => {
    const headers = new Headers(given);
    applyCommit(commit, headers);
    return headers;
  };

  it("leaves a response alone whose session nobody touched", () => {
    const headers = apply(UNTOUCHED, { "cache-control": "public", vary: "Accept" });
    expect([...headers]).toEqual([
      ["cache-control", "public"],
      ["vary", "Accept"],
    ]);
  });
  it("varies what was read", () => {
    const headers = apply({ accessed: true, setCookie: [] }, { "cache-control": "public" });
    expect([...headers]).toEqual([
      ["cache-control", "public"],
      ["vary", "Cookie"],
    ]);
  });
  it("keeps what was written out of caches, each cookie on its line, beside those of the app", () => {
    const headers = apply(
      { accessed: true, setCookie: ["a=1; Path=/", "a.1=2; Path=/"] },
      { "set-cookie": "own=1", "cache-control": "public, max-age=60", vary: "*" },
    );
    expect(headers.getSetCookie()).toEqual(["own=1", "a=1; Path=/", "a.1=2; Path=/"]);
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect(headers.get("vary")).toBe("*");
  });
  it("asks the browser to clear", () => {
    const headers = apply({ accessed: true, setCookie: [], clearSiteData: '"cookies"' });
    expect(headers.get("clear-site-data")).toBe('"cookies"');
  });
});
