import { expect, it } from "vitest";
import { parseBody } from "./json.ts";
import { isStoredBody, storedBody } from "./records.ts";

it.each([
  [undefined, undefined, { stored: 1 }],
  ["u:key", undefined, { stored: "u:key" }],
  ["u:key", null, { stored: "u:key", maxAge: null }],
  [undefined, 60, { stored: 1, maxAge: 60 }],
])(
  "the cookie of a session in a store has its user's key and lifetime: %j %j",
  (key, age, meta) => {
    const json = storedBody(key, age);
    expect(parseBody(json)).toEqual({ data: {}, meta });
    expect(isStoredBody(json)).toBe(true);
  },
);

it("a cookie with data is not mistaken for it", () => {
  expect(["{}", '{"stored":1}', '[{},{"from":"x"}]'].map(isStoredBody)).toEqual([
    false,
    false,
    false,
  ]);
});
