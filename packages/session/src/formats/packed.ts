import type { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import { fromBase64url, toBase64url } from "../encoding.ts";
import { inflate, reject, type Rejection } from "./bounds.ts";

/**
 * The payload of Flask's and Django's cookies: base64url, and with a `.` in front zlib inside of it,
 * where that saves more than a byte.
 */
export function pack(json: Buffer): string {
  const packed = deflateSync(json);
  return packed.length < json.length - 1 ? `.${toBase64url(packed)}` : toBase64url(json);
}

/** Undoes {@link pack}; the output of zlib is capped. Call it only after the signature held. */
export function unpack(payload: string): Buffer | Rejection {
  const compressed = payload.startsWith(".");
  const bytes = fromBase64url(compressed ? payload.slice(1) : payload);
  if (bytes === undefined) return reject("not-canonical");
  return compressed ? inflate(bytes) : bytes;
}
