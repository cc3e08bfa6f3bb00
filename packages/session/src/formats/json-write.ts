import { SessionError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../session/format.ts";
import { assertJson, isObject } from "../session/json.ts";
import { MAX_DEPTH, MAX_JSON_BYTES } from "./bounds.ts";
import { numberLiteral, unescapeLookalike, type NumberStyle } from "./numbers.ts";

/** How a framework spells JSON. */
export interface JsonStyle {
  readonly numbers: NumberStyle;
  /** Between two items, `,` or `, `. */
  readonly comma: string;
  /** Between key and value, `:` or `: `. */
  readonly colon: string;
  /** Characters which are written as `\uXXXX` besides those that JSON asks for. */
  readonly escape?: RegExp;
  /** Refuses half of a surrogate pair, on which a language with UTF-8 strings would fail. */
  readonly wholeCharacters?: boolean;
  /** Keys in the order of their code points. */
  readonly sorted?: boolean;
  /** Applied to the whole session before it is written. */
  readonly transform?: (session: JsonObject) => JsonObject;
}

/**
 * Writes a session as JSON, byte for byte as another framework does.
 *
 * @throws SessionError `ERR_SESSION_NOT_JSON` when JSON cannot carry it or it is too deep to be read
 * again, `ERR_SESSION_TOO_LARGE` when it is too long to be read again
 */
export function writeForeignObject(data: object, style: JsonStyle): string {
  assertJson(data);
  const plain = plainObject(data as JsonObject);
  const text = writeObject(style.transform?.(plain) ?? plain, style, 1);
  if (text.length > MAX_JSON_BYTES) {
    throw new SessionError(
      "ERR_SESSION_TOO_LARGE",
      `The session is ${text.length} characters of JSON; a foreign cookie carries ${MAX_JSON_BYTES}. Keep large data elsewhere and its id in the session.`,
    );
  }
  return text;
}

/** What `JSON.stringify` would make of a session that has passed `assertJson`, as objects. */
function plainObject(object: JsonObject): JsonObject {
  const plain: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    // A key set to undefined is one that was taken away.
    if (key !== "__proto__" && value !== undefined) plain[key] = plainValue(value);
  }
  return plain;
}

function plainValue(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const said: unknown = (value.toJSON as (key: string) => unknown)("");
    if (said !== value) return plainValue(said as JsonValue);
  }
  if (isObject(value)) return plainObject(value);
  return (value as readonly JsonValue[]).map(plainValue);
}

function writeValue(value: JsonValue, style: JsonStyle, depth: number): string {
  if (typeof value === "string") return quote(value, style);
  if (typeof value === "number") return numberLiteral(value, style.numbers);
  if (typeof value !== "object" || value === null) return String(value);
  if (isObject(value)) {
    const number = unescapeLookalike(value, style.numbers);
    return "literal" in number ? number.literal : writeObject(number.object, style, depth + 1);
  }
  checkDepth(depth + 1);
  const items = (value as readonly JsonValue[]).map((item) => writeValue(item, style, depth + 1));
  return `[${items.join(style.comma)}]`;
}

function writeObject(object: JsonObject, style: JsonStyle, depth: number): string {
  checkDepth(depth);
  const entries = Object.entries(object);
  if (style.sorted === true) entries.sort(([a], [b]) => byCodePoint(a, b));
  const texts = entries.map(
    ([key, value]) => quote(key, style) + style.colon + writeValue(value, style, depth),
  );
  return `{${texts.join(style.comma)}}`;
}

function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return;
  throw new SessionError(
    "ERR_SESSION_NOT_JSON",
    `The session is nested more than ${MAX_DEPTH - 1} deep as this format writes it. Store flatter data.`,
  );
}

function quote(text: string, style: JsonStyle): string {
  if (style.wholeCharacters === true && /\p{Surrogate}/u.test(text)) {
    throw new SessionError(
      "ERR_SESSION_NOT_JSON",
      "A text in the session has half of a surrogate pair, which this format's framework cannot read. Store text.toWellFormed().",
    );
  }
  const quoted = JSON.stringify(text);
  if (style.escape === undefined) return quoted;
  return quoted.replace(
    style.escape,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Python's order of strings; JavaScript's own is that of UTF-16 and puts U+E000 after U+1F600. */
export function byCodePoint(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i += 1) {
    const difference = (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
