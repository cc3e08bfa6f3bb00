import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../session/format.ts";
import { readTags, writeTags } from "./flask-tags.ts";

// Left: what Flask writes. Right: what the session holds.
const pairs: [string, JsonObject, JsonObject][] = [
  ["a tuple", { a: { " t": [1, 2] } }, { a: { " t": [1, 2] } }],
  ["bytes", { a: { " b": "AP8=" } }, { a: { " b": "AP8=" } }],
  ["a UUID", { a: { " u": "0".repeat(32) } }, { a: { " u": "0".repeat(32) } }],
  [
    "a datetime",
    { a: { " d": "Wed, 01 Jan 2025 00:00:00 GMT" } },
    { a: { " d": "Wed, 01 Jan 2025 00:00:00 GMT" } },
  ],
  ["Markup", { a: { " m": "<b>" } }, { a: { " m": "<b>" } }],
  [
    "a tuple in a list in a tuple",
    { a: { " t": [[{ " t": [] }]] } },
    { a: { " t": [[{ " t": [] }]] } },
  ],
  [
    "a dict that looks like a tuple",
    { a: { " di": { " t__": [1] } } },
    { a: { " di": { " t__": [1] } } },
  ],
  ["a dict with a tag and no value of it", { a: { " di": { " t__": 1 } } }, { a: { " t": 1 } }],
  [
    "a dict with a tag and a tuple in it",
    { a: { " di": { " t__": { " t": [1] } } } },
    { a: { " t": { " t": [1] } } },
  ],
  ["a dict with the tag of dicts", { a: { " di": { " di__": 1 } } }, { a: { " di": 1 } }],
  ["a tag beside another key", { a: { " t": [1], b: 1 } }, { a: { " t": [1], b: 1 } }],
  ["a tag of the app's own", { a: { " od": [["x", 1]] } }, { a: { " od": [["x", 1]] } }],
  ["a session with a tag as its only key", { " di": { " t__": [1] } }, { " t": [1] }],
  [
    "a session with the tag of dicts",
    { " di": { " di__": { " t__": [1] } } },
    { " di": { " t__": [1] } },
  ],
];

describe("Flask's tags", () => {
  it.each(pairs)("carry %s both ways", (_, cookie, session) => {
    expect(readTags(cookie)).toEqual(session);
    expect(writeTags(session)).toEqual(cookie);
  });

  it.each<[string, JsonValue]>([
    ["a tuple of something else", { " t": { a: 1 } }],
    ["bytes that are no base64", { " b": "AP8" }],
    ["a UUID in another spelling", { " u": "00000000-0000-0000-0000-000000000005" }],
    ["a UUID in capitals", { " u": "A".repeat(32) }],
    ["a date that is none", { " d": "Wed, 31 Feb 2025 00:00:00 GMT" }],
    ["a date in another form", { " d": "2025-01-01" }],
    ["Markup that is no text", { " m": 1 }],
    ["a dict that escapes nothing", { " di": { a: 1 } }],
    ["a dict that escapes no tag", { " di": { " x__": 1 } }],
  ])("are not written for %s, on which Flask would fail", (_, value) => {
    const tag = Object.keys(value as JsonObject)[0] ?? "";
    const cookie = { a: { " di": { [`${tag}__`]: (value as JsonObject)[tag] } } };
    expect(writeTags({ a: value })).toEqual(cookie);
    expect(readTags(cookie as JsonObject)).toEqual({ a: value });
  });

  it("reject a session that would not be a dict in Flask", () => {
    expect(readTags({ " t": [1] })).toBeUndefined();
    expect(readTags({ " m": "x" })).toBeUndefined();
    expect(readTags({ " di": 1 })).toBeUndefined();
    expect(readTags({ " di": { " x__": 1 } })).toBeUndefined();
  });

  it("lose nothing of any session", () => {
    const key = fc.constantFrom(" t", " di", " b", " t__", " di__", " b__", "a");
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: "medium", withCrossShrink: true },
        fc.constantFrom<JsonValue>(1, "AP8=", "x", null),
        fc.array(tie("value"), { maxLength: 2 }),
        fc.dictionary(key, tie("value"), { maxKeys: 2, noNullPrototype: true }),
      ),
    }));
    const session = fc.dictionary(key, value, { maxKeys: 2, noNullPrototype: true });
    fc.assert(
      fc.property(session, (before) => {
        expect(readTags(writeTags(before))).toEqual(before);
      }),
      { numRuns: 3000 },
    );
  });
});
