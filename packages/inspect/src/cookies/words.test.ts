import { describe, expect, it } from "vitest";
import { durationInWords, printable, timeInWords } from "./words.ts";

describe("times in words", () => {
  it.each([
    [0, "0 seconds"],
    [1, "1 second"],
    [59, "59 seconds"],
    [60, "1 minute"],
    [7199, "1 hour"],
    [14 * 86_400 - 1, "13 days"],
    [59 * 86_400, "59 days"],
    [60 * 86_400, "2 months"],
    [800 * 86_400, "2 years"],
  ])("%i s are %s", (seconds, words) => {
    expect(durationInWords(seconds)).toBe(words);
  });
  it("looks both ways from now", () => {
    const now = new Date(1e12);
    expect(timeInWords(new Date(1e12 + 86_400_000), now)).toBe("in 1 day");
    expect(timeInWords(new Date(1e12 - 120_000), now)).toBe("2 minutes ago");
    expect(timeInWords(new Date(1e12 + 999), now)).toBe("now");
  });
});

describe("printable", () => {
  it("escapes text that would control a terminal, and keeps other text", () => {
    expect(printable("Grüße, 世界 🍪")).toBe("Grüße, 世界 🍪");
    expect(printable("\u001b[31m\u0007\u009b\u202e\u200b\u2028\n")).toBe(
      "\\u001b[31m\\u0007\\u009b\\u202e\\u200b\\u2028\\u000a",
    );
    expect(printable("\ud800\u{e0001}")).toBe("\\ud800\\udb40\\udc01");
    expect(printable("a\nb", true)).toBe("a\nb");
  });
  it("keeps JSON the same JSON", () => {
    const value = { "\u202e": "\u007f\u{e0001}\ud800" };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});
