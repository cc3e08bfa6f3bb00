import type { JsonValue } from "@galleta/session";
import type { ValueType } from "../route.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/**
 * Decodes a message to the view's type. It ignores the kind of frame, because some clients send
 * text as binary frames.
 *
 * @throws SyntaxError or TypeError if the message is not JSON or not UTF-8
 */
export function decode(type: ValueType, raw: string | Uint8Array): string | Uint8Array | JsonValue {
  if (type === "bytes") return typeof raw === "string" ? encoder.encode(raw) : raw;
  const text = typeof raw === "string" ? raw : decoder.decode(raw);
  return type === "text" ? text : (JSON.parse(text) as JsonValue);
}

/**
 * Encodes a value for sending.
 *
 * @throws TypeError if the value has another type
 */
export function encode(type: ValueType, value: unknown): string | Uint8Array {
  if (type === "json") {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`${typeof value} is not JSON.`);
    return text;
  }
  if (type === "text" && typeof value === "string") return value;
  if (type === "bytes" && value instanceof Uint8Array) return value;
  throw new TypeError(
    type === "text"
      ? "A text socket sends strings. Set valueType to send JSON or bytes."
      : "A bytes socket sends a Uint8Array. Set valueType to send text or JSON.",
  );
}
