import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

const NAMES = ["serve", "secret", "inspect", "mint"];

it("finds the intended name", () => {
  expect(nearest("sevre", NAMES)).toBe("serve");
  expect(nearest("srve", NAMES)).toBe("serve");
  expect(nearest("servee", NAMES)).toBe("serve");
  expect(nearest("insp", NAMES)).toBe("inspect");
  expect(nearest("secrets", NAMES)).toBe("secret");
});

it("ignores case and underscores", () => {
  expect(nearest("MAX_AGE", ["maxAge", "path"])).toBe("maxAge");
  expect(nearest("httponly", ["httpsOnly", "path"])).toBe("httpsOnly");
});

it("returns undefined if no name is near", () => {
  expect(nearest("deploy", NAMES)).toBeUndefined();
  expect(nearest("x", NAMES)).toBeUndefined();
  expect(nearest("serve", [])).toBeUndefined();
});
