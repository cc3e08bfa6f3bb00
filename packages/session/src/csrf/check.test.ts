import { describe, expect, it } from "vitest";
import { type Answer, ask, PASS } from "@galleta/test-support/ask";
import { facts } from "@galleta/test-support/facts";
import { createCrossSiteCheck } from "./check.ts";
import type { CrossSiteOptions } from "./csrf-options.ts";

function post(
  fetchSite: string | undefined,
  origin: string | undefined,
  options?: CrossSiteOptions,
): Answer {
  return ask({ headers: { "sec-fetch-site": fetchSite, origin } }, options);
}

describe("the cases of Go's CrossOriginProtection", () => {
  it.each<[string, string, string | undefined, string | undefined, Answer]>([
    ["same-origin allowed", "POST", "same-origin", undefined, PASS],
    ["none allowed", "POST", "none", undefined, PASS],
    ["cross-site blocked", "POST", "cross-site", undefined, "sec-fetch-site"],
    ["same-site blocked", "POST", "same-site", undefined, "sec-fetch-site"],
    ["no header with no origin", "POST", undefined, undefined, PASS],
    ["no header with matching origin", "POST", undefined, "https://example.com", PASS],
    ["no header, other origin", "POST", undefined, "https://attacker.example", "origin-foreign"],
    [
      "no header with null origin, unless a token says more",
      "POST",
      undefined,
      "null",
      "needs-token",
    ],
    ["GET allowed", "GET", "cross-site", undefined, PASS],
    ["HEAD allowed", "HEAD", "cross-site", undefined, PASS],
    ["OPTIONS allowed", "OPTIONS", "cross-site", undefined, PASS],
    ["PUT blocked", "PUT", "cross-site", undefined, "sec-fetch-site"],
  ])("%s", (_name, method, fetchSite, origin, answer) => {
    expect(ask({ method, headers: { "sec-fetch-site": fetchSite, origin } })).toBe(answer);
  });

  it.each<[string, string, string | undefined, Answer]>([
    ["trusted, no Sec-Fetch-Site", "https://trusted.example", undefined, PASS],
    ["trusted, cross-site", "https://trusted.example", "cross-site", PASS],
    ["untrusted, no Sec-Fetch-Site", "https://attacker.example", undefined, "origin-foreign"],
    ["untrusted, cross-site", "https://attacker.example", "cross-site", "sec-fetch-site"],
  ])("%s", (_name, origin, fetchSite, answer) => {
    const options = { trustedOrigins: ["https://trusted.example"] };
    expect(post(fetchSite, origin, options)).toBe(answer);
  });

  // Go matches patterns and follows its router's redirects. Here only exact paths are exempt.
  it.each<[string, string, string | undefined, Answer]>([
    ["exempt without Sec-Fetch-Site", "/bypass/", undefined, PASS],
    ["exempt with cross-site", "/bypass/", "cross-site", PASS],
    ["not exempt, no Sec-Fetch-Site", "/api/", undefined, "origin-foreign"],
    ["not exempt with cross-site", "/api/", "cross-site", "sec-fetch-site"],
    [".. to an exempt path", "/foo/../bypass/bar", undefined, "origin-foreign"],
    ["an exempt path without its slash", "/bypass", undefined, "origin-foreign"],
    [".. to a path that is not", "/foo/../api/bar", undefined, "origin-foreign"],
    ["not exempt, without slash", "/api", undefined, "origin-foreign"],
    ["one of several", "/only/123", undefined, PASS],
    ["below one of several", "/only/123/foo", undefined, "origin-foreign"],
  ])("%s", (_name, target, fetchSite, answer) => {
    const headers = { origin: "https://attacker.example", "sec-fetch-site": fetchSite };
    const options = { csrf: { exempt: ["/bypass/", "/only/123"] } };
    expect(ask({ target, headers }, options)).toBe(answer);
  });

  it.each<[string, string, string | undefined, string | undefined, Answer]>([
    ["cross-site", "/", "http://attacker.example", "cross-site", "sec-fetch-site"],
    ["same-origin", "/", undefined, "same-origin", PASS],
    ["origin matches host", "/", "http://127.0.0.1:35071", undefined, PASS],
    ["trusted origin", "/", "https://trusted.example", undefined, PASS],
    ["untrusted origin", "/", "https://attacker.example", undefined, "origin-foreign"],
    ["bypass path", "/bypass/", "https://attacker.example", undefined, PASS],
  ])("on a loopback server: %s", (_name, target, origin, fetchSite, answer) => {
    const options = { trustedOrigins: ["https://trusted.example"], csrf: { exempt: ["/bypass/"] } };
    const headers = { host: "127.0.0.1:35071", origin, "sec-fetch-site": fetchSite };
    expect(ask({ target, encrypted: false, headers }, options)).toBe(answer);
  });

  it("one compiled check serves many requests", () => {
    const check = createCrossSiteCheck();
    const statusOf = (host: string, encrypted: boolean) => {
      const headers = { host, origin: "https://example.com" };
      const outcome = check.http(facts({ method: "POST", headers, encrypted }));
      return typeof outcome === "object" ? outcome.status : 200;
    };
    expect(statusOf("example.com", true)).toBe(200);
    expect(statusOf("example.com", false)).toBe(403);
    expect(statusOf("other.example", true)).toBe(403);
    expect(statusOf("Example.com:443", true)).toBe(200);
  });
});

describe("Sec-Fetch-Site", () => {
  it("decides before a null Origin, which no-referrer pages send to themselves", () => {
    expect(post("same-origin", "null")).toBe(PASS);
    expect(post("cross-site", "null")).toBe("sec-fetch-site");
  });

  it.each(["", "Same-Origin", "same-origin ", "unknown", "none;a", "same_origin"])(
    "denies the unknown value %j",
    (value) => {
      expect(post(value, undefined)).toBe("sec-fetch-site");
      expect(post(value, "https://example.com")).toBe("sec-fetch-site");
    },
  );

  it("is enough, even with a foreign Origin header", () => {
    expect(post("same-origin", "https://attacker.example")).toBe(PASS);
  });
});

describe("repeated headers", () => {
  it.each([
    ["Origin twice", { origin: ["https://example.com", "https://example.com"] }],
    ["Origin, joined", { origin: "https://example.com,https://attacker.example" }],
    ["a trusted Origin twice", { origin: ["https://trusted.example", "https://trusted.example"] }],
    ["Sec-Fetch-Site twice", { "sec-fetch-site": ["same-origin", "same-origin"] }],
    ["Sec-Fetch-Site, joined", { "sec-fetch-site": "none,cross-site" }],
    [
      "a trusted Origin, Sec-Fetch-Site twice",
      { origin: "https://trusted.example", "sec-fetch-site": ["none", "none"] },
    ],
  ])("%s", (_name, headers) => {
    const options = { trustedOrigins: ["https://trusted.example"] };
    expect(ask({ headers }, options)).toBe("repeated-header");
  });
});

describe("Origin", () => {
  it.each<[string, string, Answer]>([
    ["userinfo", "https://example.com@attacker.example", "origin-malformed"],
    ["userinfo before the own host", "https://user@example.com", "origin-malformed"],
    ["a path", "https://example.com/", "origin-malformed"],
    ["upper case", "https://EXAMPLE.com", "origin-malformed"],
    ["the default port", "https://example.com:443", "origin-malformed"],
    ["not a URL", "%%%", "origin-malformed"],
    ["empty", "", "origin-malformed"],
    ["a bare host", "example.com", "origin-malformed"],
    ["control characters", "https://example.com\u0000", "origin-malformed"],
    ["letters beyond ASCII", "https://examp\u00ffe.com", "origin-malformed"],
    ["the http twin", "http://example.com", "origin-foreign"],
    ["another port", "https://example.com:8443", "origin-foreign"],
    ["a subdomain", "https://sub.example.com", "origin-foreign"],
    ["a parent domain", "https://com", "origin-foreign"],
    ["the own host as a prefix", "https://example.com.attacker.example", "origin-foreign"],
    ["the own host as a suffix", "https://notexample.com", "origin-foreign"],
    ["a final dot", "https://example.com.", "origin-foreign"],
    ["NULL", "NULL", "origin-malformed"],
    ["a WebSocket's origin", "wss://example.com", "origin-foreign"],
  ])("rejects %s", (_name, origin, answer) => {
    expect(post(undefined, origin)).toBe(answer);
  });

  it.each([
    ["https, port 443 in Host", true, "example.com:443", "https://example.com"],
    ["http, port 80 in Host", false, "example.com:80", "http://example.com"],
    ["http, port 443 in Host", false, "example.com:443", "http://example.com:443"],
    ["another port", true, "example.com:8443", "https://example.com:8443"],
    ["Host in upper case", true, "EXAMPLE.COM", "https://example.com"],
    ["an IPv6 address", false, "[0:0::1]:3000", "http://[::1]:3000"],
    ["a final dot on both", true, "example.com.", "https://example.com."],
  ])("passes the own origin: %s", (_name, encrypted, host, origin) => {
    expect(ask({ encrypted, headers: { host, origin } })).toBe(PASS);
  });

  it("names the option to check if a proxy ended TLS", () => {
    const request = facts({
      method: "POST",
      headers: { host: "example.com", origin: "https://example.com" },
    });
    expect(createCrossSiteCheck().http(request)).toMatchObject({
      status: 403,
      code: "ERR_SESSION_CSRF",
      rule: "origin-foreign",
      message: expect.stringContaining("trustProxy") as string,
    });
  });
});
