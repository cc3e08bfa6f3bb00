import { SessionError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../session/format.ts";
import { assertJson, dropProto, isObject } from "../session/json.ts";
import { MAX_DEPTH, MAX_JSON_BYTES } from "./bounds.ts";
import { numberLiteral, unescapeLookalike, type NumberStyle } from "./numbers.ts";

/** The differences between a framework's JSON and JavaScript's. */
export interface JsonStyle {
  readonly numbers: NumberStyle;
  /**
   * True to escape all non-ASCII characters, for a framework that does not decode the JSON as
   * UTF-8.
   */
  readonly ascii?: boolean;
  /**
   * True to throw for a string with half of a surrogate pair. Languages with UTF-8 strings, such as
   * Ruby, cannot read such a string.
   */
  readonly wholeCharacters?: boolean;
  /** Converts the session's data before its JSON is made. */
  readonly transform?: (session: JsonObject) => JsonObject;
}

/**
 * Writes a session as JSON that the other framework reads with the same meaning.
 *
 * @throws SessionError `ERR_SESSION_NOT_JSON` if the session is not JSON or is nested too deep,
 *   `ERR_SESSION_TOO_LARGE` if its JSON is too long to be read again
 */
export function writeForeignObject(data: object, style: JsonStyle): string {
  assertJson(data);
  const plain = JSON.parse(JSON.stringify(data, dropProto)) as JsonObject;
  const text = writeObject(style.transform?.(plain) ?? plain, style, 1);
  if (text.length > MAX_JSON_BYTES) {
    throw new SessionError(
      "ERR_SESSION_TOO_LARGE",
      `The session is ${text.length} characters of JSON; a cookie of another framework can hold at most ${MAX_JSON_BYTES}. Keep large data elsewhere and its id in the session.`,
    );
  }
  return text;
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
  return `[${items.join(",")}]`;
}

function writeObject(object: JsonObject, style: JsonStyle, depth: number): string {
  checkDepth(depth);
  const texts = Object.entries(object).map(
    ([key, value]) => `${quote(key, style)}:${writeValue(value, style, depth)}`,
  );
  return `{${texts.join(",")}}`;
}

function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return;
  throw new SessionError(
    "ERR_SESSION_NOT_JSON",
    `The session is nested more than ${MAX_DEPTH - 1} levels deep in this format. Store flatter data.`,
  );
}

function quote(text: string, style: JsonStyle): string {
  if (style.wholeCharacters === true && /\p{Surrogate}/u.test(text)) {
    throw new SessionError(
      "ERR_SESSION_NOT_JSON",
      "A string in the session has half of a surrogate pair, which the framework of this format cannot read. Store text.toWellFormed().",
    );
  }
  const quoted = JSON.stringify(text);
  if (style.ascii !== true) return quoted;
  return quoted.replace(
    /[\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
