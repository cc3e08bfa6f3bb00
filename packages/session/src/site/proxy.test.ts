import { describe, expect, it } from "vitest";
import { facts, type RequestWords } from "@galleta/test-support/facts";
import { readTrustProxy, type TrustProxy } from "./proxy.ts";

const BEHIND = "10.0.0.9";

/** Describes the site in short: `https example.com`, or the fault. */
function site(trustProxy: TrustProxy, headers: RequestWords["headers"], words: RequestWords = {}) {
  const read = readTrustProxy(trustProxy)(
    facts({
      remoteAddress: BEHIND,
      ...words,
      headers: { host: "inner", ...headers },
    }),
  );
  return typeof read === "string" ? read : `${read.secure ? "https" : "http"} ${read.host}`;
}

describe("without trust", () => {
  const lies = {
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil",
    forwarded: "host=evil;proto=https",
  };

  it.each([
    ["off", false],
    ["no hops", 0],
    ["an empty list", []],
    ["another proxy's address", ["10.0.0.1"]],
  ] as const)("%s: only the connection counts", (_what, trust) => {
    expect(site(trust, lies)).toBe("http inner");
    expect(site(trust, lies, { encrypted: true })).toBe("https inner");
  });

  it("matches no list without a peer address", () => {
    const read = readTrustProxy(["0.0.0.0/0", "::/0"]);
    expect(read(facts({ headers: { host: "inner", "x-forwarded-proto": "https" } }))).toMatchObject(
      {
        secure: false,
        host: "inner",
      },
    );
  });

  it("ignores malformed headers", () => {
    expect(site(false, { forwarded: '"', "x-forwarded-proto": "gopher" })).toBe("http inner");
  });
});

describe("X-Forwarded-*, by number of hops", () => {
  it.each<[string, TrustProxy, RequestWords["headers"], string]>([
    ["both", 1, { "x-forwarded-proto": "https", "x-forwarded-host": "outer" }, "https outer"],
    ["true is one", true, { "x-forwarded-proto": "https" }, "https inner"],
    ["the scheme alone", 1, { "x-forwarded-proto": "https" }, "https inner"],
    ["the host alone", 1, { "x-forwarded-host": "outer" }, "http outer"],
    ["any case", 1, { "x-forwarded-proto": "HTTPS" }, "https inner"],
    ["a WebSocket's scheme", 1, { "x-forwarded-proto": "wss" }, "https inner"],
    ["a plain WebSocket's", 1, { "x-forwarded-proto": "ws" }, "http inner"],
    ["what a client made up is left", 1, { "x-forwarded-host": "evil, outer" }, "http outer"],
    ["repeated headers", 1, { "x-forwarded-host": ["evil", "outer"] }, "http outer"],
    ["two hops", 2, { "x-forwarded-host": "evil, outer, middle" }, "http outer"],
    ["a shorter list", 3, { "x-forwarded-host": "outer, middle" }, "http outer"],
    ["an overwritten header", 2, { "x-forwarded-host": "outer" }, "http outer"],
    ["empty entries", 1, { "x-forwarded-host": "evil, , outer, " }, "http outer"],
    ["an empty header", 1, { "x-forwarded-host": "", "x-forwarded-proto": "" }, "http inner"],
    ["an unknown scheme", 1, { "x-forwarded-proto": "gopher" }, "forwarded-malformed"],
    ["none", 1, {}, "http inner"],
  ])("%s", (_what, trust, headers, expected) => {
    expect(site(trust, headers)).toBe(expected);
  });

  it("a plain client is not secure, although the proxy speaks TLS to us", () => {
    expect(site(1, { "x-forwarded-proto": "http" }, { encrypted: true })).toBe("http inner");
    expect(site(1, {}, { encrypted: true })).toBe("https inner");
  });
});

describe("X-Forwarded-*, by address", () => {
  const trust = ["10.0.0.0/8"];
  it.each<[string, RequestWords["headers"], string]>([
    ["no X-Forwarded-For: one hop", { "x-forwarded-host": "evil, outer" }, "http outer"],
    [
      "the client is not trusted: one hop",
      { "x-forwarded-for": "203.0.113.5", "x-forwarded-host": "evil, outer" },
      "http outer",
    ],
    [
      "two proxies: two hops",
      { "x-forwarded-for": "203.0.113.5, 10.0.0.1", "x-forwarded-host": "evil, outer, middle" },
      "http outer",
    ],
    [
      "a made-up address behind an untrusted one does not count",
      {
        "x-forwarded-for": "10.0.0.5, 203.0.113.5, 10.0.0.1",
        "x-forwarded-host": "evil, worse, outer, middle",
      },
      "http outer",
    ],
    [
      "what is not an address ends the chain",
      { "x-forwarded-for": "10.0.0.1, unknown", "x-forwarded-host": "evil, outer" },
      "http outer",
    ],
  ])("%s", (_what, headers, expected) => {
    expect(site(trust, headers)).toBe(expected);
  });

  it("the peer may be an IPv4 address in IPv6", () => {
    const headers = { "x-forwarded-proto": "https" };
    expect(site(trust, headers, { remoteAddress: "::ffff:10.0.0.9" })).toBe("https inner");
    expect(site(trust, headers, { remoteAddress: "::ffff:11.0.0.9" })).toBe("http inner");
  });

  it("each request's own peer is checked", () => {
    const read = readTrustProxy(trust);
    const from = (remoteAddress: string) =>
      read(facts({ remoteAddress, headers: { host: "a", "x-forwarded-proto": "https" } }));
    const answers = ["10.0.0.9", "10.0.0.9", "203.0.113.5", "10.0.0.9"].map(from);
    expect(answers).toMatchObject(
      [true, true, false, true].map((secure) => ({ secure, host: "a" })),
    );
  });
});

describe("X-Forwarded-Port", () => {
  it.each<[string, RequestWords["headers"], string]>([
    [
      "a host without its port",
      { "x-forwarded-port": "8443", "x-forwarded-proto": "https" },
      "https inner:8443",
    ],
    [
      "X-Forwarded-Host without it",
      { "x-forwarded-host": "outer", "x-forwarded-port": "8080" },
      "http outer:8080",
    ],
    [
      "a host with a port",
      { "x-forwarded-host": "outer:81", "x-forwarded-port": "8080" },
      "http outer:81",
    ],
    ["nothing else", { "x-forwarded-port": "8080" }, "http inner:8080"],
    [
      "the inner port behind TLS",
      { "x-forwarded-port": "80", "x-forwarded-proto": "https" },
      "https inner",
    ],
    ["no port", { "x-forwarded-port": "https" }, "http inner"],
    [
      "what a client made up is left",
      { "x-forwarded-host": "outer", "x-forwarded-port": "1, 8080" },
      "http outer:8080",
    ],
  ])("%s", (_, headers, expected) => {
    expect(site(1, headers)).toBe(expected);
    expect(site(false, headers)).toBe("http inner");
  });
});

describe("the client's address", () => {
  it.each<[string, TrustProxy, RequestWords["headers"], string]>([
    ["of the connection without trust", false, { "x-forwarded-for": "203.0.113.5" }, BEHIND],
    ["that one proxy saw", 1, { "x-forwarded-for": "6.6.6.6, 203.0.113.5" }, "203.0.113.5"],
    [
      "that the first of two saw",
      2,
      { "x-forwarded-for": "6.6.6.6, 203.0.113.5, 10.0.0.1" },
      "203.0.113.5",
    ],
    [
      "beyond all listed proxies",
      ["10.0.0.0/8"],
      { "x-forwarded-for": "6.6.6.6, 203.0.113.5, 10.0.0.1" },
      "203.0.113.5",
    ],
    [
      "of Forwarded, without its port",
      1,
      { forwarded: 'for="203.0.113.5:4711";proto=https' },
      "203.0.113.5",
    ],
    ["of the connection where no proxy says", 1, { "x-forwarded-proto": "https" }, BEHIND],
  ])("%s", (_, trust, headers, address) => {
    const request = facts({ remoteAddress: BEHIND, headers: { host: "inner", ...headers } });
    expect(readTrustProxy(trust)(request)).toMatchObject({ address });
  });
});

describe("Forwarded (RFC 7239)", () => {
  it.each<[string, TrustProxy, string | string[], string]>([
    ["both", 1, "for=203.0.113.5;proto=https;host=outer", "https outer"],
    ["a quoted port", 1, 'host="outer:8443";proto=https', "https outer:8443"],
    ["what a client made up is left", 1, "host=evil;proto=https, host=outer", "http outer"],
    ["repeated headers", 1, ["host=evil", "host=outer"], "http outer"],
    ["two hops", 2, "host=evil, host=outer, host=middle", "http outer"],
    ["the outer proxy leaves the host out", 2, "host=evil, for=a, host=middle", "http middle"],
    ["a shorter list", 5, "host=outer", "http outer"],
    ["nothing of use", 1, "for=203.0.113.5", "http inner"],
    ["empty", 1, "", "http inner"],
    ["an unknown scheme", 1, "proto=gopher", "forwarded-malformed"],
    ["an open quote", 1, 'for="evil, host=outer', "forwarded-malformed"],
    ["by address: one hop", ["10.0.0.0/8"], "host=evil, for=203.0.113.5;host=outer", "http outer"],
    [
      "by address: two hops",
      ["10.0.0.0/8"],
      'host=evil, for="203.0.113.5:99";host=outer, for="10.0.0.1:80";host=middle',
      "http outer",
    ],
    ["by IPv6 address", ["10.0.0.0/8", "fd00::/8"], 'host=a, for="[fd00::1]:80";host=b', "http a"],
    ["an obfuscated node ends the chain", ["10.0.0.0/8"], "host=evil, for=_x;host=b", "http b"],
  ])("%s", (_what, trust, forwarded, expected) => {
    expect(site(trust, { forwarded })).toBe(expected);
  });
});

describe("both families", () => {
  it.each<[string, RequestWords["headers"], string]>([
    [
      "agree",
      {
        forwarded: "host=Outer;proto=https",
        "x-forwarded-host": "outer",
        "x-forwarded-proto": "wss",
      },
      "https Outer",
    ],
    [
      "name two hosts",
      { forwarded: "host=evil", "x-forwarded-host": "outer" },
      "forwarded-conflict",
    ],
    [
      "name two schemes",
      { forwarded: "proto=https", "x-forwarded-proto": "http" },
      "forwarded-conflict",
    ],
    [
      "one names a host that the other leaves as it came",
      { forwarded: "host=evil;proto=https", "x-forwarded-proto": "https" },
      "forwarded-conflict",
    ],
    [
      "the second cannot be read",
      { forwarded: "proto=https", "x-forwarded-proto": "gopher" },
      "forwarded-malformed",
    ],
  ])("%s", (_what, headers, expected) => {
    expect(site(1, headers)).toBe(expected);
  });
});

it.each([-1, 1.5, Number.NaN, Infinity, "10.0.0.1", "loopback", null, {}])(
  "throws for %j",
  (option) => {
    expect(() => readTrustProxy(option)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining("trustProxy") as string,
      }),
    );
  },
);
