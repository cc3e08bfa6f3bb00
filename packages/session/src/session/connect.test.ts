import { expect, it } from "vitest";
import { start } from "@galleta/test-support/jar";
import { KEY } from "@galleta/test-support/sessions";
import { starlette } from "../formats/starlette.ts";
import { memoryStore } from "../store/memory.ts";
import { pathFor, readConnected, type ConnectedOptions } from "./connect.ts";

const store = memoryStore();
const subject = "user";
const labels = () => undefined;
const read = (options: object) =>
  readConnected({ store, subject, ...options } as ConnectedOptions, "session");
const thrown = (message: RegExp) =>
  expect.objectContaining({
    code: "ERR_SESSION_OPTION",
    message: expect.stringMatching(message),
  }) as Error;

it.each<[keyof ConnectedOptions, readonly unknown[]]>([
  ["storage", ["cookie", "store"]],
  ["onStoreError", ["reject", "allow"]],
  ["storeTimeout", [0.001, 1, 60]],
  ["findBy", [[], ["sid"], ["oidc.sid", "a.b.c"]]],
  ["maxSessions", [1, 100, { max: 1 }, { max: 100, over: "end" }, { max: 2, over: "deny" }]],
  ["labels", [labels]],
  ["exchangePath", ["/a", "/.a-b_c~/d"]],
  ["socketActivity", [true, false]],
])("%s accepts its bounds", (name, right) => {
  for (const value of right) expect(read({ [name]: value })[name]).toEqual(value);
});

it.each<[keyof ConnectedOptions, readonly unknown[]]>([
  ["storage", ["", null]],
  ["onStoreError", ["", true]],
  ["storeTimeout", [0, -1, 60.1, Number.NaN, Infinity, "1", true, null]],
  ["subject", ["", 1, null]],
  ["findBy", ["a", [""], ["a..b"], [".a"], ["a."], [1]]],
  ["maxSessions", [0, 101, 1.5, "5", true, null]],
  ["maxSessions", [{}, { max: 0 }, { max: 2, over: "x" }, { max: 2, more: 1 }, { over: "end" }]],
  ["labels", ["a", {}]],
  ["exchangePath", ["", "a", "/", "/a b", "/a?b", " /a", "/a ", 1]],
  ["socketActivity", [1, "true"]],
  ["store", [{}, null, "redis", { get() {} }]],
  ["backplane", [{}, null]],
  ["deviceBound", [{}, null, true]],
])("%s throws for anything else", (name, wrong) => {
  for (const value of wrong) {
    expect(() => read({ [name]: value })).toThrow(thrown(new RegExp(`${name} must be [^.]`)));
    expect(() => read({ [name]: value })).not.toThrow(thrown(/ (?:be|of) \./));
  }
});

it("has defaults, and a path of its own for another property", () => {
  expect(readConnected({}, "session")).toMatchObject({
    storage: "cookie",
    onStoreError: "reject",
    storeTimeout: 1,
    findBy: [],
    exchangePath: "/.galleta/session",
    socketActivity: false,
  });
  expect(readConnected({}, "prefs").exchangePath).toBe("/.galleta/session/prefs");
  expect(pathFor("/own", "session")).toBe("/own");
});

it.each([
  [{ subject }, /^subject needs the option `store`/],
  [{ storage: "store" }, /^storage needs the option `store`/],
  [{ findBy: ["sid"] }, /^findBy needs the option `store`/],
  [{ store, maxSessions: 1 }, /^maxSessions needs the option `subject`/],
  [{ store, labels }, /^labels needs the option `subject`/],
])("%j throws without the option that it needs", (options, message) => {
  expect(() => readConnected(options as ConnectedOptions, "session")).toThrow(thrown(message));
});

it("socketActivity needs rolling and a cookie of our own", () => {
  const needs = thrown(/^socketActivity needs/);
  expect(() => start({ socketActivity: true, rolling: false })).toThrow(needs);
  const writeAs = starlette({ secretKey: KEY });
  expect(() => start({ socketActivity: true, writeAs })).toThrow(needs);
  expect(() => start({ socketActivity: true })).not.toThrow();
  expect(() => start({ socketActivity: false, rolling: false, writeAs })).not.toThrow();
});
