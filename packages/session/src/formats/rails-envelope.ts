import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { FormatReading, JsonObject } from "../session/format.ts";
import { isObject } from "../session/json.ts";
import { fromBase64, reject, utf8, type Rejection } from "./bounds.ts";
import { parseForeignObject } from "./json-read.ts";
import { writeForeignObject, type JsonStyle } from "./json-write.ts";

const STYLE: JsonStyle = { numbers: "ruby", wholeCharacters: true };

/** Makes the JSON that Rails encrypts for a session: the data, the expiry and the purpose. */
export function writeEnvelope(data: JsonObject, purpose: string, end: number | undefined): string {
  const id = randomBytes(16).toString("hex");
  const session = Object.hasOwn(data, "session_id") ? data : { session_id: id, ...data };
  const message = Buffer.from(writeForeignObject(session, STYLE)).toString("base64");
  const exp = end === undefined ? null : new Date(Math.floor(end) * 1000).toISOString();
  return writeForeignObject({ _rails: { message, exp, pur: purpose } }, STYLE);
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Reads the session from a text that {@link writeEnvelope} or Rails made.
 * @param now seconds since 1970
 */
export function readEnvelope(
  text: string,
  purpose: string,
  now: number,
  keyIndex: number,
): FormatReading {
  const envelope = parseForeignObject(text, "ruby")?.["_rails"];
  if (!isObject(envelope) || envelope["pur"] !== purpose) return reject("payload");
  const end = readEnd(envelope["exp"]);
  if (typeof end === "object") return end;
  // Rails allows no tolerance: a message expires at the exact instant.
  if (end !== undefined && now * 1000 >= end) return reject("expired");
  const { message } = envelope;
  const bytes = typeof message === "string" ? fromBase64(message) : undefined;
  const data = parseForeignObject((bytes && utf8(bytes)) ?? "", "ruby");
  if (data === undefined) return reject("payload");
  const reading = { ok: true, data, keyIndex } as const;
  return end === undefined ? reading : { ...reading, expiresAt: Math.floor(end / 1000) };
}

/**
 * Reads the expiry of a Rails session, in milliseconds since 1970. Returns `undefined` if the
 * session has no expiry.
 */
function readEnd(exp: unknown): number | undefined | Rejection {
  if (exp === null || exp === undefined) return undefined;
  const end = typeof exp === "string" && INSTANT.test(exp) ? Date.parse(exp) : NaN;
  return Number.isNaN(end) ? reject("time") : end;
}
