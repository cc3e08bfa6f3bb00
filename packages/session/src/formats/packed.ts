import type { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import { fromBase64url, toBase64url } from "../encoding.ts";
import { inflate, reject, type Rejection } from "./bounds.ts";

/**
 * Makes the payload of Flask's and Django's cookies: base64url, or `.` and base64url of zlib data
 * if that saves more than a byte.
 */
export function pack(json: Buffer): string {
  const packed = deflateSync(json);
  return packed.length < json.length - 1 ? `.${toBase64url(packed)}` : toBase64url(json);
}

/**
 * Decodes a payload that {@link pack} made, and limits the decompressed size. Verify the signature
 * before you call it.
 */
export function unpack(payload: string): Buffer | Rejection {
  const compressed = payload.startsWith(".");
  const bytes = fromBase64url(compressed ? payload.slice(1) : payload);
  if (bytes === undefined) return reject("not-canonical");
  return compressed ? inflate(bytes) : bytes;
}
