import { expect, it } from "vitest";
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

it("finds what it was given by the whole token alone", () => {
  const cache = new TokenCache();
  cache.set("token", opened("{}"));
  expect(cache.get("token")).toEqual(opened("{}"));
  expect(cache.get("toke")).toBeUndefined();
  expect(cache.get("token2")).toBeUndefined();
});

it("is bounded, and forgets first what nobody asked for", () => {
  const cache = new TokenCache();
  const count = 10_000;
  cache.set("in use", opened("{}"));
  for (let i = 0; i < count; i += 1) {
    cache.set(`token ${i}`, opened("{}"));
    cache.get("in use");
  }
  let kept = 0;
  for (let i = 0; i < count; i += 1) kept += cache.get(`token ${i}`) === undefined ? 0 : 1;
  expect(kept).toBeGreaterThan(1000);
  expect(kept).toBeLessThanOrEqual(2048);
  expect(cache.get("in use")).toBeDefined();
});
