// Sessions larger than one cookie, and larger than all of them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitOf, readSetCookie, start, visit } from "@galleta/test-support/sessions";

const big = (length: number, letter = "x") => letter.repeat(length);
const pairs = (cookie: string) => cookie.split("; ");
const write = (sessions: ReturnType<typeof start>["sessions"], length: number, letter?: string) =>
  visit(sessions, "", (session) => (session["a"] = big(length, letter))).cookie;

describe.each([{ encrypt: false }, { encrypt: true }])("chunks, %j", (kind) => {
  const options = { ...kind, chunks: 16_384 };

  it.each([10, 3000, 4000, 8000, 12_000])("%i characters come back", (length) => {
    const { sessions } = start(options);
    const cookie = write(sessions, length);
    const again = visit(sessions, cookie, (session) => expect(session["a"]).toBe(big(length)));
    expect(again.commit.setCookie).toEqual([]);
    // In any order, among other cookies.
    const mixed = ["x=1", ...pairs(cookie).toReversed(), "session.9=no"].join("; ");
    visit(sessions, mixed, (session) => expect(session["a"]).toBe(big(length)));
  });

  it("no chunk may be missing, changed, swapped or of another session", () => {
    const { sessions } = start(options);
    const mine = pairs(write(sessions, 8000));
    const other = pairs(write(sessions, 8000, "y"));
    const valueAt = (list: string[], i: number) => list[i]?.split("=")[1] ?? "";
    expect(mine).toHaveLength(3);
    const wrong: Record<string, string[]> = {
      "the first is missing": mine.slice(1),
      "a gap": [mine[0]!, mine[2]!],
      "the last is missing": mine.slice(0, 2),
      "only the first": [mine[0]!],
      swapped: [mine[0]!, `session.1=${valueAt(mine, 2)}`, `session.2=${valueAt(mine, 1)}`],
      "one of another": [mine[0]!, other[1]!, mine[2]!],
      "the first of another": [other[0]!, mine[1]!, mine[2]!],
      "one changed": [mine[0]!, `session.1=A${valueAt(mine, 1)}`, mine[2]!],
      "one empty": [mine[0]!, "session.1=", mine[2]!],
      "one twice": [...mine, `session.1=${valueAt(other, 1)}`],
    };
    for (const [what, cookies] of Object.entries(wrong)) {
      const { session } = sessions.open(cookies.join("; "));
      expect([what, { ...session }]).toEqual([what, {}]);
    }
  });

  it("a chunk that another host planted behind the last does no harm and is deleted", () => {
    const { sessions } = start(options);
    const one = write(sessions, 10);
    const planted = `${one}; session.1=evil; session.2=${big(4000)}; session.3=`;
    const next = visit(sessions, planted, (session) => {
      expect(session["a"]).toBe(big(10));
      session["b"] = 1;
    });
    const names = next.commit.setCookie.map((line) => readSetCookie(line));
    expect(names.map(({ name, value }) => [name, value === ""])).toEqual([
      ["session", false],
      ["session.1", true],
      ["session.2", true],
      ["session.3", true],
    ]);
    for (const { attributes } of names.slice(1)) expect(attributes.get("max-age")).toBe("0");
  });

  it("a planted chunk behind two others does no harm", () => {
    const { sessions } = start(options);
    const two = write(sessions, 5000);
    expect(pairs(two)).toHaveLength(2);
    visit(sessions, `${two}; session.2=evil`, (session) => expect(session["a"]).toBe(big(5000)));
  });

  it("a session that shrinks deletes its extra chunks, and one that ends deletes all of them", () => {
    const { sessions } = start({ ...options, path: "/app", httpsOnly: true });
    const cookie = write(sessions, 12_000);
    expect(pairs(cookie).length).toBeGreaterThan(3);
    const small = visit(sessions, cookie, (session) => (session["a"] = "small"));
    expect(pairs(small.cookie)).toHaveLength(1);
    const whole = write(sessions, 12_000);
    const ended = visit(sessions, whole, (session) => delete session["a"]);
    expect(ended.cookie).toBe("");
    expect(ended.commit.setCookie).toHaveLength(pairs(whole).length);
    for (const line of ended.commit.setCookie) {
      expect(line).toMatch(/Max-Age=0;.*Path=\/app; Secure; HttpOnly; SameSite=Lax$/);
    }
  });

  it("6,000 bytes are the most with chunks: true, and the error names the store", () => {
    const { sessions } = start({ ...kind, chunks: true });
    expect(pairs(write(sessions, 4000)).length).toBeGreaterThan(1);
    const context = sessions.open("");
    context.session["large"] = big(4600);
    expect(() => context.commit()).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_TOO_LARGE",
        message: expect.stringMatching(/chunks allows 6000\..*storage: "store"\. See /),
      }),
    );
    expect(() => start({ chunks: 17_000 })).toThrow(/4096 to 16384/);
  });

  it("four cookies are the most", () => {
    const { sessions, events } = start(options);
    const context = sessions.open("");
    context.session["large"] = big(13_000);
    context.session["small"] = 1;
    expect(() => context.commit()).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_TOO_LARGE",
        message: expect.stringMatching(/\d{5} bytes.*16384.*"large", "small"/),
      }),
    );
    expect(events).toMatchObject([
      { type: "oversize", size: expect.any(Number), keys: ["large", "small"] },
    ]);
  });
});

describe("without chunks", () => {
  it("a session of 4096 bytes with its name fits, one byte more does not", () => {
    const { sessions } = start();
    // Three bytes of JSON are four characters: find the last size that fits.
    const size = (length: number) => {
      const context = sessions.open("");
      context.session["a"] = big(length);
      const [line = ""] = commitOf(context).setCookie;
      const { name, value } = readSetCookie(line);
      return name.length + value.length;
    };
    let fits = 2900;
    while (size(fits) + 2 <= 4096) fits += 1;
    expect(size(fits)).toBeLessThanOrEqual(4096);
    expect(() => size(fits + 2)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_TOO_LARGE" }),
    );
  });

  it("the error names the size and the three largest keys, and no value", () => {
    const { sessions } = start();
    const context = sessions.open("");
    Object.assign(context.session, { a: "tiny-value", b: big(2000), c: big(3000), d: big(1000) });
    expect(() => context.commit()).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/\d{4} bytes.*4096.*"c", "b", "d".*chunks: true/),
      }),
    );
    expect(commitOf(context).setCookie).toEqual([]);
  });

  it("a cookie in chunks is rejected", () => {
    const cookie = write(start({ chunks: 16_384 }).sessions, 8000);
    const { sessions, events } = start();
    visit(sessions, cookie, (session) => expect({ ...session }).toEqual({}));
    expect(events).toMatchObject([{ type: "rejected" }]);
  });
});

it("every JSON value survives the round trip", () => {
  const data = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4 }), {
    maxKeys: 8,
  });
  const kinds = [{ encrypt: false }, { encrypt: true }].map((kind) => {
    const options = { ...kind, chunks: 16_384 };
    // The writer remembers its own session, so another process must read it.
    return { writer: start(options).sessions, reader: start(options).sessions };
  });
  fc.assert(
    fc.property(data, (given) => {
      const expected = JSON.parse(JSON.stringify(given), (key, value) =>
        key === "__proto__" ? undefined : value,
      );
      for (const { writer, reader } of kinds) {
        const { cookie } = visit(writer, "", (session) => {
          for (const [key, value] of Object.entries(given)) session[key] = value;
        });
        for (const each of [reader, writer]) {
          const again = visit(each, cookie, (session) => {
            expect(JSON.stringify(session)).toBe(JSON.stringify(expected));
          });
          expect(again.commit.setCookie).toEqual([]);
        }
      }
    }),
    { numRuns: 200 },
  );
});
