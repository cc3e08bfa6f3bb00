import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Sessions } from "../engine.ts";
import type { SessionOptions } from "../set-up.ts";
import { createSessions } from "../sessions.ts";
import { Secret } from "../secret.ts";
import { weaknessOf } from "./secret-keys.ts";
import { KEY, readSetCookie, start, visit } from "@galleta/test-support/sessions";

const strange = (options: object) => ({ secretKey: KEY, ...options }) as unknown as SessionOptions;
const refusal = (options: object, code = "ERR_SESSION_OPTION") => {
  try {
    createSessions(strange(options));
  } catch (error) {
    expect(error).toMatchObject({ name: "SessionError", code });
    return (error as Error).message;
  }
  return expect.fail(`${JSON.stringify(options)} was accepted`);
};

describe("names of options", () => {
  it.each([
    ["secretkey", "secretKey"],
    ["secret_key", "secretKey"],
    ["session_cookie", "sessionCookie"],
    ["max_age", "maxAge"],
    ["MaxAge", "maxAge"],
    ["same_site", "sameSite"],
    ["https_only", "httpsOnly"],
    ["encrypted", "encrypt"],
    ["absolute_max_age", "absoluteMaxAge"],
    ["trustedOrigin", "trustedOrigins"],
    ["onevent", "onEvent"],
    ["writeas", "writeAs"],
    ["chunk", "chunks"],
    ["scheme", "schema"],
    ["hardend", "hardened"],
    ["paths", "path"],
  ])("%s suggests %s", (wrong, right) => {
    expect(refusal({ [wrong]: true })).toContain(`Did you mean ${right}?`);
  });

  it.each([
    ["name", "Use sessionCookie."],
    ["password", "Use secretKey."],
    ["cookie", "maxAge in seconds"],
    ["resave", "Remove it"],
  ])("says what replaces %s of another library", (name, advice) => {
    expect(refusal({ [name]: true })).toContain(advice);
  });

  it.each([
    ["store", "the result of memoryStore()"],
    ["backplane", "the result of redisBackplane(client)"],
    ["deviceBound", "the result of deviceBound()"],
  ])("names the functions that make a %s", (name, functions) => {
    const make = () => new Sessions({ secretKey: KEY, [name]: "redis://localhost" } as never);
    expect(make).toThrow(functions);
  });

  it("lists the known names if none is near", () => {
    const message = refusal({ thisIsNothingLikeAnyOfThem: 1 });
    expect(message).toContain("Known are secretKey,");
    expect(message).toContain("trustedOrigins");
  });

  it.each([undefined, null, "key", 1, [], () => ({})])(
    "throws for %s in place of options",
    (options) => {
      expect(() => createSessions(options as unknown as SessionOptions)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
      );
    },
  );

  it("ignores inherited options", () => {
    const inherited = Object.assign(Object.create({ nonsense: 1 }), { secretKey: KEY });
    expect(() => createSessions(inherited)).not.toThrow();
  });
});

const VALUE = "value-of-the-option-that-must-not-show";
const number = [VALUE, true, {}, [], 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1n];
const format = (cookieNames: unknown) => ({ read() {}, write() {}, cookieNames });
const boolean = [VALUE, 0, 1, null, {}, []];

describe("types of options", () => {
  it.each<[string, readonly unknown[]]>([
    ["property", [null, 1, "", "a b", "a-b", "__proto__", "constructor", "toString"]],
    ["sessionCookie", [null, 1, true, {}, "", "a b", "a;b", "a=b", "ä", "a\r\n", "x".repeat(257)]],
    ["maxAge", [...number, 400 * 86_400 + 1]],
    ["absoluteMaxAge", [...number, 400 * 86_400 + 1]],
    ["path", [null, 1, "", "a", VALUE, "/;", "/\n", "/ä", `/${"x".repeat(1024)}`]],
    ["sameSite", [null, "Lax", "LAX", VALUE, 1, true, ["lax"]]],
    ["httpsOnly", [null, "Auto", VALUE, 1, {}]],
    [
      "domain",
      [null, 1, "", "a b", "a;b", "-a.com", "a..b", "https://example.com", "a:80", VALUE + "_"],
    ],
    ["partitioned", boolean],
    ["encrypt", boolean],
    ["rolling", boolean],
    ["chunks", boolean],
    ["hardened", boolean],
    ["accept", [null, VALUE, "signed", [], [VALUE], ["signed", VALUE], {}, Array(1)]],
    ["schema", [null, VALUE, {}, { "~standard": {} }, () => VALUE]],
    ["migrate", [null, VALUE, {}]],
    ["onEvent", [null, VALUE, {}]],
    ["formats", [null, VALUE, {}, [null], [VALUE], [{}], [format([])], [format([""])], Array(1)]],
    ["writeAs", [null, VALUE, {}, { cookieNames: ["a"] }, format(undefined), format(["a;b"])]],
    ["csrf", [null, VALUE, 1]],
    ["trustedOrigins", [null, VALUE, 1, [1], [VALUE]]],
    ["trustProxy", [null, -1, 1.5, VALUE, {}]],
  ])("%s", (name, wrong) => {
    for (const value of wrong) {
      const message = refusal({ [name]: value });
      expect(message).toContain(name);
      expect(message).not.toContain(VALUE);
      // What the option must be is named.
      expect(message).not.toMatch(/ (?:be|of) \./);
    }
  });

  it.each<[string, readonly unknown[]]>([
    ["property", ["a", "_a$1", "$"]],
    ["maxAge", [1, 400 * 86_400, null]],
    ["absoluteMaxAge", [1, 400 * 86_400, null]],
    ["publicPath", ["/app", "/a.b/c~d-e_%20"]],
    ["path", ["/", "/app", "/app/"]],
    ["chunks", [true, false, 4097, 16_384]],
    ["formerly", [[], [{}], [{ domain: "example.com", path: "/a", partitioned: true }]]],
    ["accept", [["signed"], ["signed", "encrypted"]]],
    ["formats", [[format(["a"])], [{ load() {}, isGenuine() {}, cookieNames: ["a"] }]]],
    ["writeAs", [format(["a"])]],
    ["schema", [{ "~standard": { validate() {} } }]],
  ])("%s accepts its bounds", (name, right) => {
    for (const value of right)
      expect(() => createSessions(strange({ [name]: value }))).not.toThrow();
  });

  it.each<[string, readonly unknown[]]>([
    ["property", ["1a", " a", "a ", "a.b"]],
    ["publicPath", [null, "app", "/", "/app/", "/a//b", "/a b", "x/app", "/app?x"]],
    ["chunks", [0, 4096, 16_385, 5000.5, Number.NaN, "5000"]],
    ["formerly", [[{ path: 1 }], [{ domain: 1 }], [1], [() => ({})]]],
    [
      "formats",
      [
        [{ ...format(["a"]), read: undefined }],
        [{ ...format(["a"]), write: undefined }],
        [{ load() {}, cookieNames: ["a"] }],
        [{ isGenuine() {}, cookieNames: ["a"] }],
        [{ load() {}, isGenuine() {}, cookieNames: [] }],
        [{ load() {}, isGenuine() {} }],
      ],
    ],
    ["writeAs", [{ load() {}, isGenuine() {}, cookieNames: ["a"] }]],
    ["schema", [{ "~standard": { validate: 1 } }]],
  ])("%s throws for what is near", (name, wrong) => {
    for (const value of wrong) {
      const message = refusal({ [name]: value });
      expect(message).toMatch(new RegExp(`(?:^|: )${name} must be [^.]`));
      expect(message).not.toMatch(/ (?:be|of) \./);
    }
  });

  it("treats undefined as missing", () => {
    const names = ["sessionCookie", "maxAge", "path", "sameSite", "httpsOnly", "domain", "accept"];
    names.push("formats", "writeAs", "schema", "migrate", "onEvent", "hardened", "chunks");
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]));
    expect(createSessions(strange(nothing)).cookieName).toBe("session");
  });

  it.each<[object, string]>([
    [{ sameSite: "none" }, "httpsOnly: true"],
    [{ sameSite: "none", httpsOnly: "auto" }, "httpsOnly: true"],
    [{ partitioned: true }, "httpsOnly: true"],
    [{ partitioned: true, httpsOnly: "auto" }, "httpsOnly: true"],
    [{ sessionCookie: "__Host-a" }, "httpsOnly: true"],
    [{ sessionCookie: "__secure-a", httpsOnly: "auto" }, "httpsOnly: true"],
    [{ sessionCookie: "__Http-a", httpsOnly: "auto" }, "httpsOnly: true"],
    [{ sessionCookie: "__HOST-HTTP-a", httpsOnly: true, path: "/a" }, 'path: "/"'],
    [{ encrypt: true, accept: ["signed"] }, "accept"],
    [{ accept: ["encrypted"] }, "accept"],
    [{ hardened: true, httpsOnly: false }, "httpsOnly: true"],
    [{ hardened: true, domain: "example.com" }, "no domain"],
    [{ hardened: true, path: "/app" }, 'path: "/"'],
  ])("throws for %j, which contradicts itself", (options, hint) => {
    expect(refusal(options)).toContain(hint);
  });

  it("a foreign cookie that is kept has no beginning to count from", () => {
    const format = { name: "other", cookieNames: ["other"], read() {}, write: () => [] };
    expect(refusal({ writeAs: format, absoluteMaxAge: 60 })).toContain("absoluteMaxAge");
    expect(refusal({ writeAs: format, hardened: true })).toContain("absoluteMaxAge");
  });
});

describe("the cookie of the options", () => {
  const line = (options: Partial<SessionOptions>) => {
    const { commit } = visit(start(options).sessions, "", (session) => {
      session["a"] = 1;
    });
    const { name, attributes } = readSetCookie(commit.setCookie[0] ?? "");
    return [name, ...[...attributes].map(([key, value]) => (value ? `${key}=${value}` : key))];
  };

  it("is Starlette's by default", () => {
    expect(line({})).toEqual(["session", "max-age=1209600", "path=/", "httponly", "samesite=Lax"]);
  });
  it("is as the options say", () => {
    const all = line({
      sessionCookie: "__Secure-id",
      maxAge: 60,
      path: "/app",
      domain: ".example.com",
      sameSite: "none",
      httpsOnly: true,
      partitioned: true,
    });
    expect(all).toEqual(
      "__Secure-id max-age=60 path=/app domain=.example.com secure httponly samesite=None partitioned".split(
        " ",
      ),
    );
  });
  it("has no Max-Age until the browser closes", () => {
    expect(line({ maxAge: null })).toEqual(["session", "path=/", "httponly", "samesite=Lax"]);
  });
  it("hardened", () => {
    expect(line({ hardened: true })).toEqual(
      "__Host-session max-age=3600 path=/ secure httponly samesite=Lax".split(" "),
    );
    expect(line({ hardened: true, sameSite: "strict", maxAge: undefined })).toEqual(
      "__Host-session max-age=3600 path=/ secure httponly samesite=Strict".split(" "),
    );
  });
  it("with Secure if the request came over TLS", () => {
    const { sessions } = start({ httpsOnly: "auto" });
    for (const encrypted of [true, false]) {
      const context = sessions.open("", {
        method: "GET",
        target: "/",
        header: () => undefined,
        encrypted,
        remoteAddress: undefined,
      });
      context.session["a"] = 1;
      const commit = context.commit();
      if (commit instanceof Promise) throw new Error("There is no store.");
      expect(readSetCookie(commit.setCookie[0] ?? "").attributes.has("secure")).toBe(encrypted);
    }
  });
});

describe("secret keys", () => {
  beforeEach(() => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it.each([undefined, null, 1, {}, [], [undefined], ["a".repeat(32), 7], "", "  ", new Secret("")])(
    "%o throws",
    (secretKey) => {
      expect(refusal({ secretKey }, "ERR_SESSION_KEY")).toMatch(/^secretKey( number 2)? is /);
    },
  );

  const weak = [
    "1234",
    "only-31-characters-0123456789ab",
    "keyboard cat",
    "complex_password_at_least_32_characters_long",
    "a-very-long-secret-key-that-is-at-least-32-characters",
    "averylogphrasebiggerthanthirtytwochars",
    "this-is-a-secret-value-with-at-least-32-characters",
    "super-secret-key-of-at-least-32-characters",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "COMPLEX_PASSWORD_AT_LEAST_32_CHARACTERS_LONG",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "abababababababababababababababababababab",
  ];
  it("says that a key must be a string", () => {
    expect(refusal({ secretKey: new Uint8Array(40) }, "ERR_SESSION_KEY")).toContain(
      "secretKey is not a string",
    );
  });

  it.each(weak)("%s throws in production", (secretKey) => {
    vi.stubEnv("NODE_ENV", "production");
    for (const key of [secretKey, new Secret(secretKey), [KEY, secretKey]]) {
      const message = refusal({ secretKey: key }, "ERR_SESSION_KEY");
      expect(message).toContain("npx galleta secret");
      expect(message).not.toContain(secretKey);
    }
    expect(console.warn).not.toHaveBeenCalled();
  });

  it.each(weak)("%s is a warning elsewhere", (secretKey) => {
    createSessions({ secretKey });
    expect(console.warn).toHaveBeenCalledOnce();
    const [message] = vi.mocked(console.warn).mock.calls[0] ?? [];
    expect(message).toContain("secretKey");
    expect(message).not.toContain(secretKey);
  });

  it("a strong one is accepted silently, also as a Secret and in a list", () => {
    vi.stubEnv("NODE_ENV", "production");
    for (const secretKey of [KEY, new Secret(KEY), [new Secret(KEY), `${KEY}2`]]) {
      createSessions({ secretKey });
    }
    expect(console.warn).not.toHaveBeenCalled();
  });

  it("one of 32 characters, eight of them different, is strong", () => {
    expect(weaknessOf("abcdefgh".repeat(4))).toBeUndefined();
    expect(weaknessOf("abcdefgh".repeat(4).slice(1))).toContain("fewer than 32");
    expect(weaknessOf("abcdefg".repeat(5))).toContain("repeats");
  });

  it("the message says which of a list is wrong", () => {
    expect(refusal({ secretKey: [KEY, ""] }, "ERR_SESSION_KEY")).toContain("number 2");
  });
});

describe("the cookie of another property", () => {
  it.each([
    [{ property: "prefs" }, "prefs"],
    [{ property: "prefs", sessionCookie: "p" }, "p"],
    [{ property: "prefs", hardened: true }, "__Host-prefs"],
    [{ property: "session", hardened: true }, "__Host-session"],
    [{ hardened: true }, "__Host-session"],
    [{}, "session"],
  ])("%j has the name %s", (options, name) => {
    expect(createSessions({ secretKey: KEY, ...options }).cookieName).toBe(name);
  });
});
