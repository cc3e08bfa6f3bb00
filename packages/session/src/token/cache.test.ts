import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { TokenCache } from "./cache.ts";

const opened = (json: string) => ({
  sid: "s",
  rev: 0,
  json,
  born: 0,
  iat: 0,
  exp: 1,
  keyIndex: 0,
  encrypted: false,
});

it("finds a token by all of its text", () => {
  const cache = new TokenCache();
  cache.set("token", opened("{}"));
  expect(cache.get("token")).toEqual(opened("{}"));
  expect(cache.get("toke")).toBeUndefined();
  expect(cache.get("token2")).toBeUndefined();
});

it("does not match a token that only has the same end", () => {
  const cache = new TokenCache();
  const token = `${"a".repeat(100)}${"e".repeat(40)}`;
  cache.set(token, opened("{}"));
  expect(cache.get(`b${token.slice(1)}`)).toBeUndefined();
  expect(cache.get(token.slice(50))).toBeUndefined();
  expect(cache.get(token)).toBeDefined();
});

it("keeps the newer of two tokens with the same end", () => {
  const cache = new TokenCache();
  const [one, other] = [`a${"e".repeat(40)}`, `b${"e".repeat(40)}`];
  cache.set(one, opened('{"one":1}'));
  cache.set(other, opened('{"other":1}'));
  expect(cache.get(one)).toBeUndefined();
  expect(cache.get(other)).toEqual(opened('{"other":1}'));
  cache.set(one, opened('{"one":2}'), one);
  expect(cache.get(one)).toEqual(opened('{"one":2}'));
  expect(cache.get(other)).toBeUndefined();
});

it.each([
  { size: 8, json: 2 },
  { size: 190, json: 46 },
  { size: 16_000, json: 12_000 },
])("is bounded by 16 MiB, and drops unused entries first: $size", ({ size, json }) => {
  const cache = new TokenCache();
  const one = size + json + 256;
  const count = Math.ceil((40 * 1024 * 1024) / one);
  const tokenOf = (i: number) => `${i}`.padStart(size, "t");
  const content = opened("j".repeat(json));
  cache.set("in use", content);
  for (let i = 0; i < count; i += 1) {
    cache.set(tokenOf(i), content);
    cache.get("in use");
  }
  expect(cache.get("in use")).toBeDefined();
  let kept = 0;
  // From the newest back, because a look-up keeps an old entry alive.
  for (let i = count - 1; i >= 0 && cache.get(tokenOf(i)) !== undefined; i -= 1) kept += 1;
  expect(kept * one).toBeGreaterThan(7 * 1024 * 1024);
  expect(kept * one).toBeLessThan(16.4 * 1024 * 1024);
});

it("keeps the tokens of 10,000 users who come at random", () => {
  const cache = new TokenCache();
  const tokens = Array.from({ length: 10_000 }, (_, i) =>
    createHash("sha256").update(`${i}`).digest("base64url").repeat(4),
  );
  const content = opened("j".repeat(46));
  for (const token of [...tokens, ...tokens]) cache.add(token, content);
  let missed = 0;
  for (let i = 0, at = 1; i < 100_000; i += 1) {
    at = (at * 48_271) % 2_147_483_647;
    if (cache.get(tokens[at % tokens.length] ?? "") === undefined) missed += 1;
  }
  expect(missed).toBeLessThan(100);
});

it("drops the token that a new one replaces, and counts it no more", () => {
  const cache = new TokenCache();
  cache.set("in use", opened("{}"));
  const large = opened("j".repeat(100_000));
  let before: string | undefined;
  // 40 MiB in all. If replaced tokens counted, two generations would be over.
  for (let i = 0; i < 400; i += 1) {
    const token = `${"t".repeat(40)}${i}`;
    cache.set(token, large, before);
    if (before !== undefined) expect(cache.get(before)).toBeUndefined();
    before = token;
  }
  expect(cache.get(before!)).toBe(large);
  expect(cache.get("in use")).toBeDefined();
});

describe("a token that came with a request", () => {
  const tokenOf = (i: number) => createHash("sha256").update(`${i}`).digest("base64url").repeat(4);

  it("is kept when it comes a second time", () => {
    const cache = new TokenCache();
    cache.add("a token", opened("{}"));
    expect(cache.get("a token")).toBeUndefined();
    cache.add("a token", opened("{}"));
    expect(cache.get("a token")).toEqual(opened("{}"));
  });

  it("is kept immediately if this process issued it", () => {
    const cache = new TokenCache();
    cache.set("a token", opened("{}"));
    expect(cache.get("a token")).toEqual(opened("{}"));
  });

  it("counts as new after two generations of other tokens", () => {
    const cache = new TokenCache();
    cache.add(tokenOf(0), opened("{}"));
    for (let i = 1; i <= 25_000; i += 1) cache.add(tokenOf(i), opened("{}"));
    cache.add(tokenOf(0), opened("{}"));
    expect(cache.get(tokenOf(0))).toBeUndefined();
    cache.add(tokenOf(0), opened("{}"));
    expect(cache.get(tokenOf(0))).toBeDefined();
  });

  it("is found after any number of generations if it stays in use", () => {
    const cache = new TokenCache();
    const filler = opened("j".repeat(8 * 1024 * 1024));
    for (let i = 0; i < 600; i += 1) {
      cache.set(tokenOf(i), filler);
      cache.add(tokenOf(-1), opened("{}"));
      if (i > 0) expect(cache.get(tokenOf(-1))).toBeDefined();
    }
  });
});
