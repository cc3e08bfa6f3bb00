import type { Buffer } from "node:buffer";

/** Bytes of the header of a token; exactly 24 characters in base64url. */
export const HEADER_BYTES = 18;
/** `exp` of a token that has no lifetime of its own. */
export const NEVER = 0xffff_ffff;

/** First byte of a token. */
export const SIGNED = 0x53;
export const ENCRYPTED = 0x45;

/** When a session began, when its token was issued, when that ends: seconds since 1970. */
export interface Times {
  readonly born: number;
  readonly iat: number;
  readonly exp: number;
}

/** Writes a header at the start of `target`. */
export function writeHeader(
  target: Buffer,
  offset: number,
  version: number,
  kid: number,
  times: Times,
): void {
  target[offset] = version;
  target[offset + 1] = 0;
  target.writeUInt32BE(kid, offset + 2);
  target.writeUInt32BE(times.born, offset + 6);
  target.writeUInt32BE(times.iat, offset + 10);
  target.writeUInt32BE(times.exp, offset + 14);
}

/** Reads the times of a header. */
export function readTimes(source: Buffer, offset: number): Times {
  return {
    born: source.readUInt32BE(offset + 6),
    iat: source.readUInt32BE(offset + 10),
    exp: source.readUInt32BE(offset + 14),
  };
}
