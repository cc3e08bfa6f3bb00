import { describe, expect, it } from "vitest";
import { parseAuthority, readAllowedHosts } from "./authority.ts";

describe("parseAuthority", () => {
  it.each([
    ["example.com", false, "example.com", ""],
    ["EXAMPLE.com", false, "example.com", ""],
    ["example.com:80", false, "example.com", ""],
    ["example.com:80", true, "example.com", "80"],
    ["example.com:443", true, "example.com", ""],
    ["example.com:443", false, "example.com", "443"],
    ["example.com:8443", true, "example.com", "8443"],
    ["example.com:", true, "example.com", ""],
    ["example.com.", true, "example.com.", ""],
    ["localhost:3000", false, "localhost", "3000"],
    ["my_host", false, "my_host", ""],
    ["127.0.0.1:8000", false, "127.0.0.1", "8000"],
    ["[::1]:3000", false, "[::1]", "3000"],
    ["[0:0:0:0:0:0:0:1]", false, "[::1]", ""],
    ["[2001:DB8::1]", true, "[2001:db8::1]", ""],
    ["xn--bcher-kva.de", true, "xn--bcher-kva.de", ""],
  ])("reads %s (TLS: %s)", (text, secure, host, port) => {
    const scheme = secure ? "https" : "http";
    const url = parseAuthority(text, scheme);
    expect([url?.hostname, url?.port]).toEqual([host, port]);
    expect(url?.origin).toBe(`${scheme}://${host}${port && `:${port}`}`);
  });

  it.each([
    "",
    " ",
    ":80",
    ".",
    ".example.com",
    "example..com",
    "example.com..",
    "user@example.com",
    "example.com/path",
    "example.com?a",
    "example.com#a",
    "example.com\\evil",
    "https://example.com",
    "example.com, example.com",
    "example.com example.com",
    "example.com:port",
    "example.com:65536",
    "example.com:-1",
    "example.com:80:80",
    "example.com:000080",
    "ex%61mple.com",
    "bücher.de",
    "example\u0000.com",
    "example.com\r\n",
    "*.example.com",
    "127.1",
    "0x7f.0.0.1",
    "017700000001",
    "2130706433",
    "1.2.3.4.5",
    "256.1.1.1",
    "[::1",
    "::1",
    "[::g]",
    "[fe80::1%eth0]",
    "[v1.a]",
    "xn--",
    "a".repeat(261),
  ])("rejects %j", (text) => {
    expect(parseAuthority(text, "https")).toBeUndefined();
  });
});

describe("readAllowedHosts", () => {
  const rule = readAllowedHosts(["one.example", ".two.example", "*.three.example", "[::1]"])!;

  it.each([
    ["one.example", true],
    ["one.example.", true],
    ["sub.one.example", false],
    ["two.example", true],
    ["a.b.two.example", true],
    ["nottwo.example", false],
    ["three.example", false],
    ["a.three.example", true],
    ["a.three.example.evil.example", false],
    ["[::1]", true],
    ["four.example", false],
  ])("%s: %s", (host, allowed) => {
    expect(rule(host)).toBe(allowed);
  });

  it("allows all hosts without the option or with a star, and none with an empty list", () => {
    expect(readAllowedHosts(undefined)).toBeUndefined();
    expect(readAllowedHosts(["one.example", "*"])).toBeUndefined();
    expect(readAllowedHosts([])?.("one.example")).toBe(false);
  });

  it("reads an entry in any case", () => {
    expect(readAllowedHosts(["One.Example"])?.("one.example")).toBe(true);
  });

  it.each([
    "https://one.example",
    "one.example:8080",
    "one.example:80",
    "one.example:",
    "[::1]:80",
    "one.*.example",
    "*one.example",
    "*.*.example",
    "..example",
    "one example",
    "one.example/path",
    "one.example.",
    "*.",
    ".",
    "",
    7,
    undefined,
  ])("rejects %j at set-up", (entry) => {
    expect(() => readAllowedHosts(["fine.example", entry])).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining(
          "allowedHosts[1] is invalid: allowedHosts must be a list of hosts without port, like example.com, .example.com or *.example.com.",
        ) as string,
      }),
    );
  });

  it("throws for a value that is not a list", () => {
    for (const option of ["one.example", "*", null]) {
      expect(() => readAllowedHosts(option)).toThrow("allowedHosts must be a list of hosts");
    }
  });
});
