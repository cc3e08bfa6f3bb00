import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitCookies } from "@galleta/test-support/sessions";
import { AMBIGUOUS, findCookie, findCookies } from "./parse.ts";

const find = (header: string, name = "session") => findCookie(header, name);

describe("findCookie", () => {
  it.each([
    ["session=a", "a"],
    ["a=1; session=b; c=3", "b"],
    ["a=1;session=b;c=3", "b"],
    ["a=1;\t session=b\t ; c=3", "b"],
    ["  session=b  ", "b"],
    [";;; session=b;;;", "b"],
    ["session=", ""],
    ["session= ", ""],
    ["session=a=b==", "a=b=="],
    ['session="a b"', '"a b"'],
    ["session=%61", "%61"],
    ["session= a", " a"],
    ["broken; session=b", "b"],
    ["=nameless; session=b", "b"],
    ["session; session=b", "b"],
    ["session=a\u00e9", "a\u00e9"],
  ])("%j holds %j", (header, value) => {
    expect(find(header)).toBe(value);
  });

  it.each([
    "",
    " ",
    ";",
    "session",
    "session;",
    "a=session",
    "a=session=b",
    "a=1 session=b",
    "a=1,session=b",
    "xsession=b",
    "session2=b",
    "session.1=b",
    "Session=b",
    "SESSION=b",
    "session =b",
    "session\t=b",
    "=session=b",
    "= session=b",
    "__Host-session=b",
    "%73ession=b",
    "session%3Db",
    "s\u0435ssion=b",
    "\u00a0session=b",
    "\nsession=b",
    "\0session=b",
    '"session=b"',
  ])("%j holds none", (header) => {
    expect(find(header)).toBeUndefined();
  });

  it("finds a cookie behind a quote and a semicolon", () => {
    expect(find('a="x; session=b"')).toBe('b"');
  });

  it.each([
    ["__Host-session", "%5F%5FHost-session=evil"],
    ["__Host-session", "_%5FHost-session=evil"],
    ["__Host-session", "__host-session=evil"],
    ["__Host-session", "\u2000__Host-session=evil"],
    ["__Secure-id", "=__Secure-id=evil"],
    ["a.b", "axb=evil"],
    ["a+", "aa=evil"],
  ])("%s is not %s", (name, header) => {
    expect(find(header, name)).toBeUndefined();
  });

  it("finds a name that contains itself", () => {
    expect(find("aaaa=1; aa=2", "aa")).toBe("2");
    expect(find("aa aa=1; aa=2", "aa")).toBe("2");
    expect(find("session=session=session=a")).toBe("session=session=a");
  });

  it("reports two different values of a name as ambiguous", () => {
    expect(find("session=a; session=b")).toBe(AMBIGUOUS);
    expect(find("session=a; session=a")).toBe("a");
    expect(find("session=a; session=a; session=b")).toBe(AMBIGUOUS);
    expect(find('session=a; session="a"')).toBe(AMBIGUOUS);
    expect(find("session=a; session=A")).toBe(AMBIGUOUS);
    expect(find("session=a; x=1; session=a ")).toBe("a");
  });

  it("ignores an empty value if there is another, and returns it otherwise", () => {
    expect(find("session=; session=b")).toBe("b");
    expect(find("session=b; session=")).toBe("b");
    expect(find("session=a; session=; session=b")).toBe(AMBIGUOUS);
    expect(find("session=; session=")).toBe("");
    expect(findCookies("session=a; x=1; session=; session=b; session=a", "session")).toEqual([
      "a",
      "b",
    ]);
  });

  it("agrees with a parser that splits the whole header", () => {
    const piece = fc.constantFrom(
      "session",
      "s",
      "=",
      ";",
      " ",
      "\t",
      "a",
      '"',
      ",",
      "session=",
      "; ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const header = pieces.join("");
        const all = splitCookies(header, "session");
        const values = all.length > 1 ? all.filter(Boolean) : all;
        expect(find(header)).toBe(values.length > 1 ? AMBIGUOUS : values[0]);
      }),
      { numRuns: 3000 },
    );
  });

  it.each<[string, string]>([
    ["the name", "session"],
    ["pairs", "session=a; "],
    ["white space", " "],
    ["white space and the name", "  \t session"],
    ["semicolons", ";"],
    ["half the name", "sess"],
    ["equals", "session=="],
  ])("a megabyte of %s takes no longer for each byte than a kilobyte does", (_, unit) => {
    // Counts how often a character is read, because times vary.
    const looks = (length: number) => {
      const text = unit.repeat(Math.ceil(length / unit.length));
      let count = 0;
      const header = {
        length: text.length,
        indexOf: (name: string, from?: number) => {
          const at = text.indexOf(name, from);
          count += (at === -1 ? text.length : at) - (from ?? 0) + 1;
          return at;
        },
        charCodeAt: (at: number) => {
          count += 1;
          return text.charCodeAt(at);
        },
        slice: (start: number, end: number) => text.slice(start, end),
      } as unknown as string;
      find(header);
      return count / text.length;
    };
    const [small, large] = [looks(1024), looks(1024 * 1024)];
    expect(large).toBeLessThan(2 * small + 8);
  });
});
