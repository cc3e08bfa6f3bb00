import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { nodeAddress } from "../site/address.ts";
import { parseAuthority } from "../site/authority.ts";
import { createCrossSiteCheck } from "./check.ts";
import { parseForwarded } from "../site/forwarded.ts";
import { isOrigin } from "./origin.ts";

const OWN = "https://example.com";

/** Any text, and text made of pieces of such a header. */
function headerLike(...pieces: string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
  );
  const built = fc.array(piece, { maxLength: 10 }).map((parts) => parts.join(""));
  return fc.oneof(fc.string({ unit: "binary" }), built);
}

const HOST_PIECES = ["example", "com", "evil", ".", ":", "443", "80", "[::1]", "@", "%2e", "1"];
const origin = headerLike("https://", "http", "://", "null", "/", ",", "wss://", ...HOST_PIECES);
const host = headerLike("[", "]", ",", " ", "0x7f", ...HOST_PIECES);
const forwarded = headerLike("for=", "host=", "proto=", "https", '"', "\\", ";", ",", " ", "evil");

/** The headers of a POST that may go through a proxy. */
const headers = fc.record(
  {
    host,
    origin: fc.oneof(origin, fc.constant(OWN)),
    "sec-fetch-site": fc.oneof(fc.constantFrom("cross-site", "same-site"), fc.string()),
    forwarded,
    "x-forwarded-host": host,
    "x-forwarded-proto": fc.oneof(fc.constantFrom("http", "https", "wss,http"), fc.string()),
    "x-forwarded-for": headerLike("10.0.0.1", ",", " ", "unknown", "[::1]:80"),
  },
  { requiredKeys: [] },
);

describe("no input throws", () => {
  it("an accepted origin is normalized", () => {
    fc.assert(
      fc.property(origin, (text) => {
        if (!isOrigin(text)) return;
        const url = new URL(text);
        expect(`${url.protocol}//${url.host}`).toBe(text);
      }),
    );
  });

  it("an accepted Host makes an origin that the platform agrees with", () => {
    fc.assert(
      fc.property(host, fc.boolean(), (text, secure) => {
        const scheme = secure ? "https" : "http";
        const read = parseAuthority(text, scheme);
        if (read === undefined) return;
        const own = `${scheme}://${read.hostname}${read.port && `:${read.port}`}`;
        expect(read.origin).toBe(own);
        expect(new URL(own).origin).toBe(own);
        expect(isOrigin(own)).toBe(true);
      }),
    );
  });

  it("Forwarded is read as a whole or not at all", () => {
    fc.assert(
      fc.property(forwarded, (text) => {
        for (const element of parseForwarded(text) ?? []) {
          for (const [name, value] of element) {
            expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
            nodeAddress(value);
          }
        }
      }),
    );
  });

  it.each([false, 1, 2, ["10.0.0.0/8"]])("in the check with trustProxy %j", (trustProxy) => {
    const check = createCrossSiteCheck({ trustProxy, csrf: "strict" });
    fc.assert(
      fc.property(headers, fc.string(), fc.boolean(), (all, target, encrypted) => {
        const request = facts({
          method: "POST",
          target,
          headers: all,
          encrypted,
          remoteAddress: "10.0.0.9",
        });
        const own = check.ownOrigin(request);
        if (own !== undefined) expect(new URL(own).origin).toBe(own);
        const { origin: from, "sec-fetch-site": fetchSite } = all;
        if (check.http(request) === undefined) {
          // Every accepted request has something that vouches for it.
          expect(fetchSite === "same-origin" || fetchSite === "none" || from === own).toBe(true);
        }
        if (check.handshake(request) === undefined) {
          expect(from?.replace(/^ws/, "http") === own && own !== undefined).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it("no foreign origin is accepted", () => {
  const check = createCrossSiteCheck();
  const ask = (from: string) =>
    facts({ method: "POST", encrypted: true, headers: { host: "example.com", origin: from } });
  fc.assert(
    fc.property(origin, (from) => {
      expect(check.http(ask(from)) === undefined).toBe(from === OWN);
      const own = from === OWN || from === "wss://example.com";
      expect(check.handshake(ask(from)) === undefined).toBe(own);
    }),
    { numRuns: 500, examples: [[OWN], ["wss://example.com"], ["null"], [""]] },
  );
});
