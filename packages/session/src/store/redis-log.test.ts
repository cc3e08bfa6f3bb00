import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appended,
  encodeFirst,
  encodeRecord,
  LEAST_SECONDS,
  MARK,
  newMark,
  replay,
  TURNS,
} from "./redis-log.ts";

const LIFE = { life: 600, until: 1_800_000_000 };
const state = (value: string, rev = 1) => ({ rev, value, mark: newMark() });
const bytesOf = (text: string) => Buffer.byteLength(text);
/** What Redis stores and returns: UTF-8. */
const sent = (text: string) => Buffer.from(text).toString();
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json().map((json) => `mark.1.2 ${json}`),
  fc.constantFrom("", " ", "a😀b", "a😁b", "😀", "+", "x:y ", "\n"),
);

describe("the log of a session in Redis", () => {
  it("has the value of its first record", () => {
    fc.assert(
      fc.property(texts, fc.nat(), (value, rev) => {
        const next = state(value, rev);
        const log = replay(sent(encodeFirst(next, LIFE)));
        expect(log).toMatchObject({ ...next, ...LIFE, marks: [next.mark], tail: next.mark });
        expect(log.first).toBe(log.bytes);
      }),
    );
  });

  it("has the value of its last record, whatever changed", () => {
    fc.assert(
      fc.property(texts, fc.array(texts, { minLength: 1, maxLength: 5 }), (first, values) => {
        let text = encodeFirst(state(first), LIFE);
        for (const [i, value] of values.entries()) {
          const next = state(value, i + 2);
          const before = replay(text);
          const record = encodeRecord(before, next);
          text = sent(text + record);
          const { marks, ...log } = replay(text);
          expect(log).toMatchObject(next);
          expect(marks).toHaveLength(i + 2);
          expect(log.bytes).toBe(bytesOf(text));
          expect({ ...appended(before, next, record), marks }).toEqual({ ...log, marks });
        }
      }),
    );
  });

  it("sends little if little changed, and takes over a new time to live", () => {
    const json = JSON.stringify({ user: "ada", cart: "x".repeat(300), views: 11, last: "abc" });
    const log = replay(encodeFirst(state(`AbCdEfGh1.t8x9y1.t9s0aa ${json}`), LIFE));
    const value = `AbCdEfGh2.t8x9y7.t9s0ag ${json.replace("11", "12")}`;
    expect(encodeRecord(log, state(value, 2)).length).toBeLessThan(80);
    const life = { life: 900, until: 1_800_000_999 };
    const longer = encodeRecord(log, state(value, 2), life);
    const [first] = [encodeFirst({ ...log }, log)];
    expect(replay(first + longer)).toMatchObject({ value, ...life });
  });

  it("agrees with several writers that append, repeat, come late or write whole", () => {
    const step = fc.record({
      writer: fc.nat(3),
      value: texts,
      kind: fc.constantFrom("read", "append", "append", "append twice", "whole"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        // The reference: a state, and in which generation of whole values it is.
        let model = state("first");
        let generation = 0;
        let text = encodeFirst(model, LIFE);
        const known = Array.from({ length: 4 }, () => ({ log: replay(text), generation }));
        for (const { writer, value, kind } of steps) {
          const mine = known[writer]!;
          const next = state(value, model.rev + 1);
          if (kind === "whole") {
            text = sent(encodeFirst(next, LIFE, replay(text)));
            generation += 1;
            model = next;
          } else if (kind !== "read") {
            const record = encodeRecord(mine.log, next);
            const isNewest = mine.log.mark === model.mark;
            text = sent(text + record);
            // The store never writes so many values while a writer trusts a length.
            if (generation - mine.generation < TURNS) {
              const isBehind = bytesOf(text) === mine.log.bytes + bytesOf(record);
              if (isBehind) expect(isNewest).toBe(true);
            }
            if (isNewest) model = next;
            if (kind === "append twice") text = sent(text + record);
          }
          const log = replay(text);
          expect({ rev: log.rev, value: log.value, mark: log.mark }).toEqual({
            ...model,
            value: sent(model.value),
          });
          if (kind !== "append" || log.mark === next.mark) known[writer] = { log, generation };
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps its state before bytes that Galleta did not write, and takes no more records", () => {
    fc.assert(
      fc.property(texts, fc.string({ minLength: 1 }), (value, garbage) => {
        const next = state(value);
        const text = sent(encodeFirst(next, LIFE));
        const log = replay(text + sent(garbage));
        expect(log).toMatchObject(next);
        expect(log.tail).toBe("");
      }),
    );
  });

  it("has no state without a first record, and an unknown one if it is no log", () => {
    const record = encodeRecord(replay(encodeFirst(state("a"), LIFE)), state("b", 2));
    expect(replay(record)).toMatchObject({ rev: 0, marks: [], bytes: record.length });
    expect(replay(undefined)).toMatchObject({ rev: 0, marks: [], bytes: 0 });
    for (const text of ["", "junk", "0000000000000001a.b.1:xyz", "{}"]) {
      expect(replay(text).rev).toBe(Number.NaN);
    }
  });

  it.each([
    ["the first half", "a\u{1f600}b", "a\u{1f601}b"],
    ["the first half at the start", "\u{1f600}", "\u{1f601}"],
    ["the second half", "a\u{10000}b", "a\u{10400}b"],
    ["the second half at the end", "\u{10000}", "\u{10400}"],
    ["the second half, with a shorter text", "\u{10000}\u{10400}b", "\u{10400}b"],
  ])("keeps a character of two halves if two texts share %s", (_half, one, other) => {
    const text = sent(encodeFirst(state(one), LIFE));
    const record = sent(encodeRecord(replay(text), state(other, 2)));
    expect(replay(text + record).value).toBe(other);
  });

  it("changes the remainder of the length with a whole value, and not with a record", () => {
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        let log = replay(sent(encodeFirst(state(one), LIFE)));
        const seen = new Set([log.bytes % TURNS]);
        for (let i = 1; i < TURNS; i += 1) {
          expect(bytesOf(encodeRecord(log, state(other))) % TURNS).toBe(0);
          log = replay(sent(encodeFirst(state(other), LIFE, log)));
          seen.add(log.bytes % TURNS);
        }
        expect(seen.size).toBe(TURNS);
      }),
    );
  });

  it("keeps the remainder of a log with a short life, which takes no records", () => {
    fc.assert(
      fc.property(texts, texts, fc.integer({ min: 1, max: 120 }), (one, other, life) => {
        const long = replay(sent(encodeFirst(state("first"), LIFE)));
        for (const before of [undefined, long]) {
          const log = replay(sent(encodeFirst(state(one), { ...LIFE, life }, before)));
          const whole = bytesOf(encodeFirst(state(other), LIFE, log));
          const turns = (((whole - log.bytes) % TURNS) + TURNS) % TURNS;
          expect(turns).toBe(life < LEAST_SECONDS ? 0 : 1);
        }
      }),
    );
  });

  it("never repeats a mark", () => {
    const marks = Array.from({ length: 10_000 }, newMark);
    expect(new Set(marks).size).toBe(marks.length);
    expect(marks.every((mark) => mark.length === MARK)).toBe(true);
  });
});
