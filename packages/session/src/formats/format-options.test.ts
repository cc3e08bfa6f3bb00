import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Secret } from "../secret.ts";
import { cookieSession } from "./cookie-session.ts";
import { django } from "./django.ts";
import { flask } from "./flask.ts";
import { ironSession } from "./iron-session.ts";
import { rails } from "./rails.ts";
import { starlette } from "./starlette.ts";

type Factory = (options: never) => unknown;
const secretKey = "a key that is long enough for all of them";
const named = { secretKey, sessionCookie: "name" };
const formats: [string, Factory][] = [
  ["starlette", starlette],
  ["flask", flask],
  ["django", django],
  ["cookie-session", cookieSession],
  ["iron-session", ironSession],
  ["rails", rails],
];
const make = (factory: Factory, options: unknown) => () => factory(options as never);
const code = (name: string, message = /./) =>
  expect.objectContaining({ code: name, message: expect.stringMatching(message) as string });

describe.each(formats)("the options of %s", (name, factory) => {
  it("take a string, a Secret, and a list of both", () => {
    for (const key of [secretKey, new Secret(secretKey), [secretKey, new Secret(secretKey)]]) {
      expect(make(factory, { ...named, secretKey: key })).not.toThrow();
    }
  });

  it("must have a key", () => {
    for (const key of [undefined, null, "", [], ["", secretKey], [secretKey, ""], 5, [5], {}]) {
      const attempt = make(factory, { ...named, secretKey: key });
      expect(attempt).toThrow(
        code("ERR_SESSION_KEY", new RegExp(`^secretKey of ${name} must be `)),
      );
    }
  });

  it("must be known; the nearest name is suggested", () => {
    expect(make(factory, { ...named, secretkey: "x" })).toThrow(
      code(
        "ERR_SESSION_OPTION",
        /There is no option of [\w-]+ "secretkey"\. Did you mean secretKey\?/,
      ),
    );
    expect(make(factory, { ...named, session_cookie: "x" })).toThrow(
      code("ERR_SESSION_OPTION", /Did you mean sessionCookie\?/),
    );
    expect(make(factory, { ...named, qqqqqqqqqqq: 1 })).toThrow(
      code("ERR_SESSION_OPTION", /Known are secretKey, /),
    );
    expect(make(factory, undefined)).toThrow(code("ERR_SESSION_OPTION"));
    expect(make(factory, null)).toThrow(code("ERR_SESSION_OPTION"));
  });

  it("include a cookie name", () => {
    for (const sessionCookie of ["", "a b", "a=b", "a;b", "é", 5, null, "x".repeat(257)]) {
      expect(make(factory, { secretKey, sessionCookie })).toThrow(
        code("ERR_SESSION_OPTION", /sessionCookie/),
      );
    }
  });

  it("do not show a key in an error or in a cookie", () => {
    const format = factory({ ...named, secretKey } as never);
    expect(inspect(format, { depth: 9, showHidden: true })).not.toContain(secretKey);
    try {
      factory({ ...named, [secretKey]: 1, secretKey } as never);
    } catch (error) {
      expect(String((error as Error).cause)).not.toContain(secretKey);
    }
  });
});

describe("single options", () => {
  it("have the framework's cookie name by default, where it has one", () => {
    const names = (format: { cookieNames: readonly string[] }) => format.cookieNames;
    expect(names(starlette({ secretKey }))).toEqual(["session"]);
    expect(names(flask({ secretKey }))).toEqual(["session"]);
    expect(names(django({ secretKey }))).toEqual(["sessionid"]);
    expect(names(cookieSession({ secretKey }))).toEqual(["session", "session.sig"]);
    expect(make(ironSession, { secretKey })).toThrow(code("ERR_SESSION_OPTION", /sessionCookie/));
    expect(make(rails, { secretKey })).toThrow(code("ERR_SESSION_OPTION", /sessionCookie/));
  });

  it.each([
    ["starlette", starlette, { maxAge: -1 }],
    ["starlette", starlette, { maxAge: "1" }],
    ["flask", flask, { maxAge: 1.5 }],
    ["flask", flask, { maxAge: NaN }],
    ["flask", flask, { salt: "" }],
    ["flask", flask, { digest: "md5" }],
    ["django", django, { maxAge: Infinity }],
    ["django", django, { salt: 1 }],
    ["cookie-session", cookieSession, { digest: "sha512256" }],
    ["iron-session", ironSession, { ttl: -1 }],
    ["iron-session", ironSession, { chunk: 1 }],
    ["iron-session", ironSession, { secretKey: { one: secretKey } }],
    ["iron-session", ironSession, { secretKey: { 1.5: secretKey } }],
    ["rails", rails, { digest: "SHA256" }],
    ["rails", rails, { iterations: 0 }],
    ["rails", rails, { iterations: "1000" }],
    ["rails", rails, { salt: "" }],
  ] as [string, Factory, object][])(
    "of %s are rejected if they are wrong: %#",
    (_, factory, options) => {
      expect(make(factory, { ...named, ...options })).toThrow(code("ERR_SESSION_OPTION"));
    },
  );

  it("require 32 characters for iron-session", () => {
    const short = "x".repeat(31);
    for (const key of [short, [secretKey, short], { 1: secretKey, 2: short }, {}]) {
      expect(make(ironSession, { ...named, secretKey: key })).toThrow(code("ERR_SESSION_KEY"));
    }
  });
});
