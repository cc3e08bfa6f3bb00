import type { JsonObject, JsonValue } from "../session/format.ts";

/** Whose numbers a JSON text holds. */
export type NumberStyle = "js" | "python" | "ruby";

/**
 * A number that JavaScript cannot hold, as Python and Ruby write it, stands in the session as
 * `{ "$number": "12345678901234567890" }`, and writing that gives the very number back.
 */
export const NUMBER_KEY = "$number";

// Python refuses to read an integer of more digits.
const INTEGER = /^-?[1-9]\d{0,4299}$/;

/** Whether a text is the exact spelling of a number that JavaScript cannot hold. */
export function isForeignNumber(text: unknown, style: NumberStyle): text is string {
  if (style === "js" || typeof text !== "string") return false;
  if (style === "python" && (text === "NaN" || text === "Infinity" || text === "-Infinity")) {
    return true;
  }
  return INTEGER.test(text) && !Number.isSafeInteger(Number(text));
}

const ESCAPED = /^\${2,}number$/;
const ESCAPABLE = /^\$+number$/;

/** The key and value of an object that has one key only, and what {@link isForeignNumber} wants. */
function foreignEntry(object: JsonObject, style: NumberStyle): [string, string] | undefined {
  const keys = Object.keys(object);
  const key = keys[0];
  if (keys.length !== 1 || key === undefined) return undefined;
  const value = object[key];
  return ESCAPABLE.test(key) && isForeignNumber(value, style) ? [key, value] : undefined;
}

/**
 * An object of the other side that only looks like a number of {@link NUMBER_KEY} gets one more `$`,
 * so that both stay what they are when they are written back.
 */
export function escapeLookalike(object: JsonObject, style: NumberStyle): JsonValue {
  const entry = foreignEntry(object, style);
  return entry === undefined ? object : { [`$${entry[0]}`]: entry[1] };
}

/** Undoes {@link escapeLookalike} for writing: the number itself, or the object with one `$` less. */
export function unescapeLookalike(
  object: JsonObject,
  style: NumberStyle,
): { literal: string } | { object: JsonObject } {
  const entry = foreignEntry(object, style);
  if (entry === undefined) return { object };
  const [key, value] = entry;
  return ESCAPED.test(key) ? { object: { [key.slice(1)]: value } } : { literal: value };
}

/**
 * Spells a number as the other side's JSON does. All agree on whole numbers up to 2^53 - 1; the rest
 * are floats there, written with the same shortest digits but another exponent: `1e-7` is `1e-07` in
 * Python and `1.0e-07` in Ruby. Python begins to use one at 1e16, Ruby at 1e15 where there is no
 * fraction, both below 1e-4.
 */
export function numberLiteral(number: number, style: NumberStyle): string {
  if (style === "js") return JSON.stringify(number);
  if (Object.is(number, -0)) return "-0.0";
  if (Number.isSafeInteger(number)) return String(number);
  const [mantissa = "", exponent = "0"] = number.toExponential().split("e");
  const power = Number(exponent);
  const most = style === "ruby" && Number.isInteger(number) ? 15 : 16;
  if (power >= -4 && power < most) {
    const plain = String(number);
    return plain.includes(".") ? plain : `${plain}.0`;
  }
  const sign = power < 0 ? "-" : "+";
  const digits = String(Math.abs(power)).padStart(2, "0");
  const point = style === "ruby" && !mantissa.includes(".") ? ".0" : "";
  return `${mantissa}${point}e${sign}${digits}`;
}
