import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseForwarded } from "./forwarded.ts";

const read = (header: string) => parseForwarded(header)?.map((element) => [...element]);

describe("parseForwarded", () => {
  it.each<[string, [string, string][][]]>([
    // The examples of RFC 7239 §4 and §7.
    ['for="_gazonk"', [[["for", "_gazonk"]]]],
    ['For="[2001:db8:cafe::17]:4711"', [[["for", "[2001:db8:cafe::17]:4711"]]]],
    [
      "for=192.0.2.60;proto=http;by=203.0.113.43",
      [
        [
          ["for", "192.0.2.60"],
          ["proto", "http"],
          ["by", "203.0.113.43"],
        ],
      ],
    ],
    ["for=192.0.2.43, for=198.51.100.17", [[["for", "192.0.2.43"]], [["for", "198.51.100.17"]]]],
    [
      'for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown',
      [[["for", "192.0.2.43"]], [["for", "[2001:db8:cafe::17]"]], [["for", "unknown"]]],
    ],
    ["for=_hidden, for=_SEVKISEK", [[["for", "_hidden"]], [["for", "_SEVKISEK"]]]],
    [
      "for=192.0.2.43 ; Proto=https\t;host=a",
      [
        [
          ["for", "192.0.2.43"],
          ["proto", "https"],
          ["host", "a"],
        ],
      ],
    ],
    [String.raw`host="a\"b\\c"`, [[["host", String.raw`a"b\c`]]]],
    ['host="a,b;c=d"', [[["host", "a,b;c=d"]]]],
    ['host=""', [[["host", ""]]]],
    [
      "secret=x;__proto__=y",
      [
        [
          ["secret", "x"],
          ["__proto__", "y"],
        ],
      ],
    ],
    ["for=a,,for=b,", [[["for", "a"]], [["for", "b"]]]],
    ["for=a;", [[["for", "a"]]]],
    ["for=a,;,for=b", [[["for", "a"]], [], [["for", "b"]]]],
    ["", []],
    [" , ", []],
  ])("reads %s", (header, elements) => {
    expect(read(header)).toEqual(elements);
  });

  it.each([
    "for",
    "for=",
    "=a",
    "for =a",
    "for= a",
    "for=a b",
    "for=a;for=b",
    "for=a;FOR=a",
    "for=[2001:db8::1]",
    "host=example.com:8080",
    'for="a',
    'for="a\\',
    'for="a"b',
    'for=a"b"',
    'for="a\u0000b"',
    'for="a\\\u007f"',
    'for="\u0100"',
    "for=ä",
    "for=a\r\nhost=b",
    // A client's open quote must not swallow what the proxy adds.
    'for="evil, for=192.0.2.1;host=good.example',
  ])("rejects %j as a whole", (header) => {
    expect(parseForwarded(header)).toBeUndefined();
  });

  it("reads back every parameter, quoted or not", () => {
    const name = fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,8}$/);
    const value = fc.stringMatching(/^[\t -~\u0080-\u00ff]{0,12}$/);
    const element = fc.dictionary(name, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(element, { maxLength: 4 }), (elements) => {
        const header = elements
          .map((pairs) => Object.entries(pairs).map(([key, text]) => `${key}=${quote(text)}`))
          .map((pairs) => pairs.join(";"))
          .join(", ");
        expect(read(header)).toEqual(elements.map((pairs) => Object.entries(pairs)));
      }),
    );
  });

  it("takes linear time", () => {
    const header = `for="${"\\\\".repeat(500_000)}`;
    expect(parseForwarded(header)).toBeUndefined();
    expect(parseForwarded(`${header}"`)?.[0]?.get("for")?.length).toBe(500_000);
    expect(parseForwarded(",; ".repeat(300_000))?.length).toBe(300_000);
  });
});

function quote(text: string): string {
  return /^[a-z0-9]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}
