import { describe, expect, it } from "vitest";
import { facts, type RequestWords } from "@galleta/test-support/facts";
import { createCrossSiteCheck } from "./check.ts";
import type { CrossSiteOptions } from "./csrf-options.ts";

/** Checks a WebSocket handshake at wss://victim.example/feed; `undefined` accepts it. */
function handshake(headers: RequestWords["headers"], options?: CrossSiteOptions) {
  const all = { host: "victim.example", upgrade: "websocket", ...headers };
  const request = facts({ target: "/feed", encrypted: true, headers: all });
  return createCrossSiteCheck({
    trustedOrigins: ["https://trusted.example"],
    ...options,
  }).handshake(request)?.rule;
}

describe("accepts", () => {
  it.each([
    ["the own origin", { origin: "https://victim.example" }],
    ["the own origin as a WebSocket's", { origin: "wss://victim.example" }],
    [
      "the own origin, said to be same-origin",
      { origin: "https://victim.example", "sec-fetch-site": "same-origin" },
    ],
    ["a trusted origin", { origin: "https://trusted.example" }],
    [
      "a trusted origin, which is cross-site by nature",
      { origin: "https://trusted.example", "sec-fetch-site": "cross-site" },
    ],
    ["no Origin at all", {}],
  ])("%s", (_name, headers) => {
    expect(handshake(headers)).toBeUndefined();
  });

  it("accepts http pages on a plain socket", () => {
    const request = (origin: string) => facts({ headers: { host: "localhost:3000", origin } });
    const check = createCrossSiteCheck();
    expect(check.handshake(request("http://localhost:3000"))).toBeUndefined();
    expect(check.handshake(request("ws://localhost:3000"))).toBeUndefined();
    expect(check.handshake(request("https://localhost:3000"))?.status).toBe(403);
  });
});

describe("denies with 403", () => {
  it.each([
    ["a sibling subdomain", { origin: "https://sibling.example" }, "origin-foreign"],
    ["a subdomain", { origin: "https://sub.victim.example" }, "origin-foreign"],
    ["null", { origin: "null" }, "origin-null"],
    ["what is malformed", { origin: "https//victim" }, "origin-malformed"],
    ["an empty Origin", { origin: "" }, "origin-malformed"],
    ["userinfo", { origin: "https://victim.example@evil.example" }, "origin-malformed"],
    ["a look-alike", { origin: "https://victim.example.evil.com" }, "origin-foreign"],
    ["another port", { origin: "https://victim.example:8443" }, "origin-foreign"],
    ["the http twin", { origin: "http://victim.example" }, "origin-foreign"],
    ["the ws twin", { origin: "ws://victim.example" }, "origin-foreign"],
    ["a default port", { origin: "https://victim.example:443" }, "origin-malformed"],
    ["a WebSocket's default port", { origin: "wss://victim.example:443" }, "origin-malformed"],
    ["upper case", { origin: "https://VICTIM.example" }, "origin-malformed"],
    [
      "two of them",
      { origin: ["https://victim.example", "https://victim.example"] },
      "repeated-header",
    ],
    [
      "a trusted one twice",
      { origin: ["https://trusted.example", "https://trusted.example"] },
      "repeated-header",
    ],
    [
      "Sec-Fetch-Site twice",
      { origin: "https://victim.example", "sec-fetch-site": ["same-origin", "same-origin"] },
      "repeated-header",
    ],
    ...["cross-site", "same-site", "none", "", "else"].map(
      (site) =>
        [
          `the own origin with Sec-Fetch-Site ${JSON.stringify(site)}`,
          { origin: "https://victim.example", "sec-fetch-site": site },
          "sec-fetch-site",
        ] as const,
    ),
    [
      "no Origin but a foreign Sec-Fetch-Site",
      { "sec-fetch-site": "cross-site" },
      "sec-fetch-site",
    ],
    // No browser sends these. Whoever does must not pass by one header alone.
    [
      "another Origin with Sec-Fetch-Site same-origin",
      { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
      "origin-foreign",
    ],
    [
      "Origin null with Sec-Fetch-Site same-origin",
      { origin: "null", "sec-fetch-site": "same-origin" },
      "origin-null",
    ],
    [
      "a WebSocket's origin that is trusted only as a page's",
      { origin: "wss://trusted.example" },
      "origin-foreign",
    ],
  ] as const)("%s", (_name, headers, rule) => {
    expect(handshake(headers)).toBe(rule);
  });

  it("denies a missing Origin, with csrf: strict", () => {
    expect(handshake({}, { csrf: "strict" })).toBe("origin-missing");
    const sameOrigin = { "sec-fetch-site": "same-origin" };
    expect(handshake(sameOrigin, { csrf: "strict" })).toBe("origin-missing");
    expect(handshake({ origin: "https://victim.example" }, { csrf: "strict" })).toBeUndefined();
  });
});

it("does not apply exempt paths", () => {
  const options = { csrf: { exempt: ["/feed"] } };
  expect(handshake({ origin: "https://evil.example" }, options)).toBe("origin-foreign");
});

it("accepts all with csrf: false, but a wrong Host is still 400", () => {
  expect(handshake({ origin: "https://evil.example" }, { csrf: false })).toBeUndefined();
  expect(handshake({ host: "a b" }, { csrf: false })).toBe("host-invalid");
});

it("denies a Host that is not allowed before it reads Origin", () => {
  const headers = { host: "evil.example", origin: "https://evil.example" };
  expect(handshake(headers, { allowedHosts: ["victim.example"] })).toBe("host-not-allowed");
});
