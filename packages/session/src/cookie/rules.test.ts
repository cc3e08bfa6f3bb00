import { describe, expect, it } from "vitest";
import { checkCookie, isCookieDomain, isCookieName, isCookiePath } from "./rules.ts";
import type { CookieAttributes } from "./serialize.ts";

const plain: CookieAttributes = { path: "/", sameSite: "lax", partitioned: false };
const refused = expect.objectContaining({ code: "ERR_SESSION_OPTION" });

describe("prefixes", () => {
  const cases = (prefix: string) => [
    prefix,
    prefix.toLowerCase(),
    prefix.toUpperCase(),
    prefix.replace(/[a-z]/g, (c, i: number) => (i % 2 ? c.toUpperCase() : c)),
  ];
  const onHost = ["__Host-", "__Host-Http-"].flatMap(cases);
  const anywhere = ["__Secure-", "__Http-"].flatMap(cases);

  it.each([...onHost, ...anywhere])("%s needs Secure", (prefix) => {
    expect(() => checkCookie(`${prefix}a`, plain, false)).toThrow(refused);
    expect(() => checkCookie(`${prefix}a`, plain, true)).not.toThrow();
  });
  it.each(onHost)("%s needs path / and no domain", (prefix) => {
    expect(() => checkCookie(`${prefix}a`, { ...plain, domain: "example.com" }, true)).toThrow(
      refused,
    );
    expect(() => checkCookie(`${prefix}a`, { ...plain, path: "/app" }, true)).toThrow(refused);
  });
  it.each(anywhere)("%s may have a domain and a path", (prefix) => {
    const attributes = { ...plain, domain: "example.com", path: "/app" };
    expect(() => checkCookie(`${prefix}a`, attributes, true)).not.toThrow();
  });
  it.each(["_Host-a", "Host-a", "__Hosta", "a__Host-", "__Host", "__secure_a"])(
    "%s is an ordinary name",
    (name) => {
      expect(() => checkCookie(name, plain, false)).not.toThrow();
      expect(() => checkCookie(name, { ...plain, path: "/app" }, true)).not.toThrow();
    },
  );
});

describe("checkCookie throws for", () => {
  it("SameSite=None or Partitioned without Secure", () => {
    for (const attributes of [
      { ...plain, sameSite: "none" },
      { ...plain, partitioned: true },
      { ...plain, sameSite: "none", partitioned: true },
    ] as const) {
      expect(() => checkCookie("s", attributes, false)).toThrow(/httpsOnly/);
      expect(() => checkCookie("s", attributes, true)).not.toThrow();
    }
  });

  it("a name with characters that a token may not have", () => {
    for (let code = 0; code < 0x180; code += 1) {
      const character = String.fromCharCode(code);
      const isToken = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character);
      for (const name of [`a${character}b`, `a${character}`, `${character}b`]) {
        expect(isCookieName(name)).toBe(isToken);
      }
    }
    expect(isCookieName("a".repeat(256))).toBe(true);
    for (const name of ["", "a".repeat(257)]) expect(isCookieName(name)).toBe(false);
  });

  it("a path or a domain that could inject an attribute", () => {
    for (const bad of [";", "\r", "\n", "\t", "\0", "\x7f", "\u00e9", "\u0100"]) {
      for (const path of [`/a${bad}b`, `/${bad}`]) expect(isCookiePath(path)).toBe(false);
      for (const domain of [`a${bad}b.com`, `a.com${bad}`, `${bad}a.com`]) {
        expect(isCookieDomain(domain)).toBe(false);
      }
    }
    for (const path of ["", "a", "//".replace("/", "\\"), `/${"a".repeat(1024)}`]) {
      expect(isCookiePath(path)).toBe(false);
    }
    for (const path of ["/", "/a/b", `/${"a".repeat(1023)}`, "/a b"]) {
      expect(isCookiePath(path)).toBe(true);
    }
  });

  it.each([
    "example.com",
    ".example.com",
    "a.b.example",
    "localhost",
    "a-b.example.co.uk",
    "xn--bcher-kva.de",
  ])("accepts the domain %s", (domain) => expect(isCookieDomain(domain)).toBe(true));
  it.each([
    "",
    ".",
    "..com",
    "a..b",
    "a.",
    "-a.com",
    "a-.com",
    "a_b.com",
    "a.com:80",
    "https://a.com",
    "*.a.com",
    "b\u00fccher.de",
    `${"a".repeat(64)}.com`,
  ])("rejects the domain %s", (domain) => expect(isCookieDomain(domain)).toBe(false));

  it("rejects values that are not strings", () => {
    for (const value of [undefined, null, 1, true, ["a"], { toString: () => "/a" }]) {
      expect([isCookieName, isCookiePath, isCookieDomain].some((is) => is(value))).toBe(false);
    }
  });
});
