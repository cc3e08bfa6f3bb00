import { describe, expect, it } from "vitest";
import { SessionError } from "../errors.ts";
import { isOrigin, pageOrigin, readTrustedOrigins } from "./origin.ts";

describe("isOrigin", () => {
  it.each([
    "https://example.com",
    "http://example.com",
    "https://example.com:8443",
    "https://example.com:80",
    "http://example.com:443",
    "http://localhost:3000",
    "https://127.0.0.1",
    "https://[::1]:3000",
    "https://xn--bcher-kva.de",
    "https://my_host.example",
    "https://example.com.",
    "wss://example.com",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "capacitor://localhost",
    "capacitor://app.example",
    "app2://localhost",
    "http://example.com.",
    "ws://example.com.",
  ])("accepts %s, which is normalized", (text) => {
    expect(isOrigin(text)).toBe(true);
    const url = new URL(text);
    expect(`${url.protocol}//${url.host}`).toBe(text);
  });

  it.each([
    ["nothing", ""],
    ["null", "null"],
    ["no scheme", "example.com"],
    ["no scheme but slashes", "//example.com"],
    ["no host", "https://"],
    ["one slash", "https:/example.com"],
    ["no slashes", "https:example.com"],
    ["a final slash", "https://example.com/"],
    ["a path", "https://example.com/path"],
    ["a query", "https://example.com?a"],
    ["a fragment", "https://example.com#a"],
    ["a back-slash", "https://example.com\\@evil.example"],
    ["userinfo", "https://user@example.com"],
    ["a password", "https://example.com:pass@evil.example"],
    ["empty userinfo", "https://@example.com"],
    ["an upper-case scheme", "HTTPS://example.com"],
    ["an upper-case host", "https://Example.com"],
    ["https with its default port", "https://example.com:443"],
    ["http with its default port", "http://example.com:80"],
    ["wss with its default port", "wss://example.com:443"],
    ["ws with its default port", "ws://example.com:80"],
    ["an empty port", "https://example.com:"],
    ["a port with a zero in front", "https://example.com:08443"],
    ["a port that is too large", "https://example.com:65536"],
    ["a port that is a word", "https://example.com:http"],
    ["two ports", "https://example.com:1:2"],
    ["an empty label", "https://example..com"],
    ["two final dots", "https://example.com.."],
    ["a dot in front", "https://.example.com"],
    ["a space", "https://exa mple.com"],
    ["a space in front", " https://example.com"],
    ["a line break", "https://example.com\n"],
    ["a tab inside", "https://exam\tple.com"],
    ["a zero byte", "https://example.com\0"],
    ["percent-encoding", "https://ex%61mple.com"],
    ["letters beyond ASCII", "https://bücher.de"],
    ["a full-width dot", "https://example\uff0ecom"],
    ["Punycode of nothing", "https://xn--"],
    ["a short IPv4 address", "https://127.1"],
    ["a hexadecimal IPv4 address", "https://0x7f.0.0.1"],
    ["an IPv4 address that does not exist", "https://256.0.0.1"],
    ["a long IPv6 address", "https://[0:0:0:0:0:0:0:1]"],
    ["an IPv6 address without brackets", "https://::1"],
    ["an unclosed bracket", "https://[::1"],
    ["a zone", "https://[fe80::1%25eth0]"],
    ["two origins by space", "https://example.com https://example.com"],
    ["two origins by comma", "https://example.com,https://example.com"],
    ["an app scheme with upper case", "capacitor://Localhost"],
    ["an app scheme with port zero", "capacitor://localhost:0"],
    ["an app scheme with a port too large", "capacitor://localhost:65536"],
    ["an app scheme with a zero in front of its port", "capacitor://localhost:08443"],
    ["an app scheme with an empty port", "capacitor://localhost:"],
    ["an app scheme with a final dot", "capacitor://localhost."],
    ["a scheme that ends like https, with a final dot", "xhttps://example.com."],
    ["a scheme that starts like https, with a final dot", "https2://example.com."],
    ["an app scheme with an IPv6 address", "capacitor://[::1]"],
    ["an app scheme with a path", "capacitor://localhost/"],
    ["a scheme that starts with a digit", "1app://localhost"],
    ["a wildcard", "https://*.example.com"],
    ["600 characters", `https://${"a".repeat(600)}`],
    ["a megabyte", `https://${"a.".repeat(500_000)}`],
  ])("rejects %s", (_what, text) => {
    expect(isOrigin(text)).toBe(false);
  });
});

it("accepts a WebSocket origin as its page's", () => {
  expect(pageOrigin("wss://example.com:8443")).toBe("https://example.com:8443");
  expect(pageOrigin("ws://example.com")).toBe("http://example.com");
  expect(pageOrigin("https://wss")).toBe("https://wss");
  expect(pageOrigin("news://example.com")).toBe("news://example.com");
});

describe("readTrustedOrigins", () => {
  // The rows of Go's AddTrustedOrigin are among them.
  it.each([
    "https://example.com",
    "https://example.com:8080",
    "http://example.com",
    // "ws:" stands inside.
    "https://news:8443",
    "file://",
  ])("takes %s", (origin) => {
    expect([...readTrustedOrigins([origin])]).toEqual([origin]);
  });

  it.each([
    "private.test",
    "https://",
    "https://private.test/",
    "https://private.test/path",
    "https://private.test?query=value",
    "https://private.test#fragment",
    "https://private .test",
    "",
    "null",
    "https://*.private.test",
    "*",
    "https://user@private.test",
    "https://Private.test",
    "https://bücher.private",
    "https://private.test:443",
    "wss://private.test",
    "ws://private.test",
    "https://private.test.",
    "https://private.test:99999",
    /example/,
    undefined,
  ])("rejects %s and says what is valid, without the value", (entry) => {
    let error: unknown;
    try {
      readTrustedOrigins(["https://fine.example", entry]);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SessionError);
    const { code, message } = error as SessionError;
    expect(code).toBe("ERR_SESSION_OPTION");
    expect(message).toContain(
      "trustedOrigins[1] is invalid: trustedOrigins must be a list of origins as browsers send them: scheme://host[:port], lower case, no path or default port.",
    );
  });

  it("throws for a value that is not a list", () => {
    expect(() => readTrustedOrigins("https://example.com")).toThrow("a list of origins");
    expect(() => readTrustedOrigins(null)).toThrow("trustedOrigins must be a list");
    expect(readTrustedOrigins(undefined).size).toBe(0);
  });
});
