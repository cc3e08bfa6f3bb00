import type { JsonValue } from "@galleta/session";
import type { ValueType } from "../route.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/**
 * Decodes a received message to the type that the view gets. Text may also come in a binary frame,
 * because some clients send it so.
 *
 * @throws SyntaxError if the message is not JSON, TypeError if it is not UTF-8
 */
export function decode(type: ValueType, raw: string | Uint8Array): string | Uint8Array | JsonValue {
  if (type === "bytes") return typeof raw === "string" ? encoder.encode(raw) : raw;
  const text = typeof raw === "string" ? raw : decoder.decode(raw);
  return type === "text" ? text : (JSON.parse(text) as JsonValue);
}

/**
 * Encodes a value as a message to send.
 *
 * @throws TypeError if the value does not have the socket's `valueType`
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
