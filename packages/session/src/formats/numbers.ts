import type { JsonObject, JsonValue } from "../session/format.ts";

/** The language whose JSON is read or written. It decides which numbers the JSON may contain. */
export type NumberStyle = "js" | "python" | "ruby";

/**
 * The key under which a session holds a number that JavaScript cannot represent:
 * `{ "$number": "12345678901234567890" }`. Writing the session restores the exact number.
 */
export const NUMBER_KEY = "$number";

// Python rejects integers with more than 4300 digits.
const INTEGER = /^-?[1-9]\d{0,4299}$/;

/** True if a text is the exact spelling of a number that JavaScript cannot represent. */
export function isForeignNumber(text: unknown, style: NumberStyle): text is string {
  if (style === "js" || typeof text !== "string") return false;
  if (style === "python" && (text === "NaN" || text === "Infinity" || text === "-Infinity")) {
    return true;
  }
  return INTEGER.test(text) && !Number.isSafeInteger(Number(text));
}

const ESCAPED = /^\${2,}number$/;
const ESCAPABLE = /^\$+number$/;

/**
 * Returns the key and value of an object such as `{ "$number": "NaN" }`. The object must have one
 * key, which is `number` after one or more `$`, and a value that {@link isForeignNumber} accepts.
 */
function foreignEntry(object: JsonObject, style: NumberStyle): [string, string] | undefined {
  const keys = Object.keys(object);
  const key = keys[0];
  if (keys.length !== 1 || key === undefined) return undefined;
  const value = object[key];
  return ESCAPABLE.test(key) && isForeignNumber(value, style) ? [key, value] : undefined;
}

/**
 * Adds a `$` to the key of an object that looks like `{ "$number": "NaN" }`. The other framework
 * wrote an object; without the `$`, it would be written back as a number.
 */
export function escapeLookalike(object: JsonObject, style: NumberStyle): JsonValue {
  const entry = foreignEntry(object, style);
  return entry === undefined ? object : { [`$${entry[0]}`]: entry[1] };
}

/**
 * Returns what to write for an object of the session. For `{ "$number": "NaN" }` that is the number
 * itself. An object that {@link escapeLookalike} changed loses the added `$`.
 */
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
 * Writes a number so that the other framework reads the same value. A whole number over 2^53 - 1
 * gets an exponent, so that Python and Ruby read a floating-point number, not an integer.
 */
export function numberLiteral(number: number, style: NumberStyle): string {
  const isDouble = style !== "js" && Number.isInteger(number) && !Number.isSafeInteger(number);
  return isDouble ? number.toExponential() : String(number);
}
