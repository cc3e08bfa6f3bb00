const UNITS = [
  { name: "year", seconds: 365 * 86_400, from: 2 },
  { name: "month", seconds: 30 * 86_400, from: 2 },
  { name: "day", seconds: 86_400, from: 1 },
  { name: "hour", seconds: 3600, from: 1 },
  { name: "minute", seconds: 60, from: 1 },
] as const;

/** Writes a duration in its largest unit, rounded down: `13 days`. */
export function durationInWords(seconds: number): string {
  for (const unit of UNITS) {
    const count = Math.floor(seconds / unit.seconds);
    if (count >= unit.from) return plural(count, unit.name);
  }
  return plural(Math.floor(seconds), "second");
}

/**
 * Writes a time relative to now: `in 13 days`, `2 hours ago`, `now`.
 *
 * @example
 * ```ts
 * timeInWords(new Date("2025-01-15T00:00:00Z"), new Date("2025-01-01T00:00:00Z")); // "in 14 days"
 * ```
 */
export function timeInWords(time: Date, now: Date): string {
  const seconds = Math.floor(time.getTime() / 1000) - Math.floor(now.getTime() / 1000);
  if (seconds === 0) return "now";
  return seconds > 0 ? `in ${durationInWords(seconds)}` : `${durationInWords(-seconds)} ago`;
}

/** Joins a number and a noun: `1 day`, `2 days`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

// Control and format characters (bidi overrides, zero-width), separators, halves of surrogate
// pairs, private use and unassigned characters. They could move a cursor or make a text look like
// another one.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/**
 * Escapes characters that could control a terminal or a page as `\uXXXX`. Attackers can write any
 * cookie: it may contain escape sequences that repaint a terminal, or characters that reverse a
 * line. Escaped JSON keeps its meaning.
 *
 * @param keepNewlines keeps line breaks, for text that this program formatted
 */
export function printable(text: string, keepNewlines = false): string {
  return text.replace(UNPRINTABLE, (char) => {
    if (char === "\n" && keepNewlines) return char;
    return Array.from({ length: char.length }, (_, i) => hexEscape(char.charCodeAt(i))).join("");
  });
}

const hexEscape = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;
