import { describe, expect, it } from "vitest";
import { checkCookie } from "./rules.ts";
import type { CookieAttributes } from "./serialize.ts";

const plain: CookieAttributes = { path: "/", sameSite: "lax", secure: false, partitioned: false };
const secure = { ...plain, secure: true };
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
    expect(() => checkCookie(`${prefix}a`, plain)).toThrow(refused);
    expect(() => checkCookie(`${prefix}a`, secure)).not.toThrow();
  });
  it.each(onHost)("%s belongs to one host and all of it", (prefix) => {
    expect(() => checkCookie(`${prefix}a`, { ...secure, domain: "example.com" })).toThrow(refused);
    expect(() => checkCookie(`${prefix}a`, { ...secure, path: "/app" })).toThrow(refused);
  });
  it.each(anywhere)("%s may have a domain and a path", (prefix) => {
    const attributes = { ...secure, domain: "example.com", path: "/app" };
    expect(() => checkCookie(`${prefix}a`, attributes)).not.toThrow();
  });
  it.each(["_Host-a", "Host-a", "__Hosta", "a__Host-", "__Host", "__secure_a"])(
    "%s is none",
    (name) => expect(() => checkCookie(name, plain)).not.toThrow(),
  );
});

describe("what browsers drop", () => {
  it("SameSite=None or Partitioned without Secure", () => {
    expect(() => checkCookie("s", { ...plain, sameSite: "none" })).toThrow(/httpsOnly/);
    expect(() => checkCookie("s", { ...plain, partitioned: true })).toThrow(/httpsOnly/);
    expect(() =>
      checkCookie("s", { ...secure, sameSite: "none", partitioned: true }),
    ).not.toThrow();
  });

  it("a name with anything but the characters of a token", () => {
    for (let code = 0; code < 0x180; code += 1) {
      const character = String.fromCharCode(code);
      const name = `a${character}b`;
      const check = () => checkCookie(name, plain);
      if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) expect(check).not.toThrow();
      else expect(check).toThrow(refused);
    }
    for (const name of ["", "a".repeat(257)])
      expect(() => checkCookie(name, plain)).toThrow(refused);
  });

  it("a path or a domain with which an attribute could be injected", () => {
    for (const bad of [";", "\r", "\n", "\t", "\0", "\x7f", "\u00e9", "\u0100"]) {
      expect(() => checkCookie("s", { ...plain, path: `/a${bad}b` })).toThrow(refused);
      expect(() => checkCookie("s", { ...plain, path: `/${bad}` })).toThrow(refused);
      expect(() => checkCookie("s", { ...plain, domain: `a${bad}b.com` })).toThrow(refused);
      expect(() => checkCookie("s", { ...plain, domain: `a.com${bad}` })).toThrow(refused);
    }
    for (const path of ["", "a", "//".replace("/", "\\"), `/${"a".repeat(1024)}`]) {
      expect(() => checkCookie("s", { ...plain, path })).toThrow(refused);
    }
    for (const path of ["/", "/a/b", `/${"a".repeat(1023)}`, "/a b"]) {
      expect(() => checkCookie("s", { ...plain, path })).not.toThrow();
    }
  });

  it.each(["example.com", ".example.com", "localhost", "a-b.example.co.uk", "xn--bcher-kva.de"])(
    "%s is a domain",
    (domain) => expect(() => checkCookie("s", { ...plain, domain })).not.toThrow(),
  );
  it.each([
    "",
    ".",
    "..com",
    "a..b",
    "-a.com",
    "a-.com",
    "a_b.com",
    "a.com:80",
    "https://a.com",
    "*.a.com",
    "b\u00fccher.de",
    `${"a".repeat(64)}.com`,
  ])("%s is none", (domain) =>
    expect(() => checkCookie("s", { ...plain, domain })).toThrow(refused),
  );
});
