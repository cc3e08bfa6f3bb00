import { expect, it } from "vitest";
import { ENDED } from "../session/records.ts";
import {
  endKey,
  fieldKey,
  isList,
  isRevocation,
  listKeyOf,
  readSession,
  sessionKey,
  sidOf,
  timesOf,
  TOMB,
  userKey,
  writeSession,
} from "./keys.ts";

it("keys of sessions, ends, users and lists are told apart", () => {
  const user = userKey("ada");
  const keys = [sessionKey("id"), endKey("id"), user, listKeyOf(user), fieldKey("org", "ada")];
  expect(keys.map(sidOf)).toEqual(["id", "id", undefined, undefined, undefined]);
  expect(keys.map(isRevocation)).toEqual([false, true, true, false, false]);
  expect(keys.map(isList)).toEqual([false, false, false, true, true]);
  expect(new Set(keys).size).toBe(keys.length);
});

it("the key of a user or value is a hash that stays the same in all releases", () => {
  expect(userKey("ada")).toBe("u:0aa3W6F4J4zBllb5l9wpVE");
  expect(userKey("ada")).toBe(userKey("ada"));
  expect(listKeyOf(userKey("ada"))).toBe(`l:${userKey("ada").slice(2)}`);
  expect(fieldKey("org", 7)).toBe("l:MZ6Tz_FWjx7PBkrYCe36Eb");
  expect(fieldKey("org", 7)).not.toBe(fieldKey("org", 8));
  expect(fieldKey("team", 7)).not.toBe(fieldKey("org", 7));
});

it("a user's key is also right after ten thousand other users", () => {
  const first = userKey("first");
  for (let i = 0; i < 10_001; i += 1) userKey(i);
  expect(userKey("first")).toBe(first);
  expect(userKey(10_000)).not.toBe(userKey(9_999));
});

it("a session's value holds its JSON and its times, and no two writes are equal", () => {
  const value = writeSession('{"a b":1}', 1_000, 2_000);
  expect(readSession({ rev: 3, value })).toEqual({ rev: 3, json: '{"a b":1}' });
  expect(timesOf({ rev: 3, value })).toEqual({ iat: 1_000, exp: 2_000 });
  expect(writeSession('{"a b":1}', 1_000, 2_000)).not.toBe(value);
  expect(value).not.toContain("undefined");
});

it("a value without times, or without a mark, has no times", () => {
  expect(timesOf({ rev: 1, value: "mark {}" })).toBeUndefined();
  expect(timesOf({ rev: 1, value: "mark.5 {}" })).toBeUndefined();
  expect(timesOf({ rev: 1, value: '{"a.b.c":1}' })).toBeUndefined();
});

it("a tombstone reads as the end, and a value of another program throws", () => {
  expect(readSession(TOMB)).toBe(ENDED);
  for (const value of [{ rev: 1.5, value: "" }, { rev: 1, value: 7 }, { value: "" }]) {
    expect(() => readSession(value as never)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_STORE", status: 503 }),
    );
  }
});
