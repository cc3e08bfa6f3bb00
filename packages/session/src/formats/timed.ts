import { fromBase64url, toBase64url } from "../encoding.ts";
import { MAX_COOKIE_CHARS, reject, type Rejection } from "./bounds.ts";
import type { Signer } from "./signer.ts";

/**
 * How many seconds the clocks of two servers may differ. Used if the other framework sets no limit.
 */
export const CLOCK_SKEW = 60;

/** How a framework joins a value, its time and the signature. */
export interface TimedOptions {
  readonly signer: Signer;
  /**
   * The character between the value, the time and the signature. The time and the signature never
   * contain this character.
   */
  readonly separator: "." | ":";
  readonly encodeTime: (seconds: number) => string;
  readonly decodeTime: (text: string) => number | undefined;
}

/** A value whose signature was verified. */
export interface TimedValue {
  readonly ok: true;
  readonly value: string;
  readonly issuedAt: number;
  readonly keyIndex: number;
}

const PRINTABLE = /^[\x21-\x7e]+$/;

/** Joins a value, the time and their signature. */
export function signTimed(value: string, now: number, options: TimedOptions): string {
  const timed = value + options.separator + options.encodeTime(Math.floor(now));
  return timed + options.separator + toBase64url(options.signer.sign(timed));
}

/**
 * Verifies a text that {@link signTimed} made, and returns its value and time. A signature that is
 * not canonical base64url is rejected. The caller must check the age with {@link judgeAge}.
 */
export function openTimed(token: string, options: TimedOptions): TimedValue | Rejection {
  if (token.length > MAX_COOKIE_CHARS) return reject("too-large");
  if (!PRINTABLE.test(token)) return reject("malformed");
  const beforeMac = token.lastIndexOf(options.separator);
  if (beforeMac < 0) return reject("malformed");
  const timed = token.slice(0, beforeMac);
  const mac = fromBase64url(token.slice(beforeMac + 1));
  if (mac === undefined) return reject("not-canonical");
  const keyIndex = options.signer.verify(timed, mac);
  if (keyIndex < 0) return reject("mac");
  const beforeTime = timed.lastIndexOf(options.separator);
  if (beforeTime < 0) return reject("malformed");
  const issuedAt = options.decodeTime(timed.slice(beforeTime + 1));
  if (issuedAt === undefined) return reject("time");
  return { ok: true, value: timed.slice(0, beforeTime), issuedAt, keyIndex };
}

/**
 * Checks the age of a signed value as the frameworks do: an age of exactly `maxAge` is accepted.
 *
 * @param skew how many seconds the time may lie in the future
 */
export function judgeAge(
  issuedAt: number,
  now: number,
  maxAge: number | null,
  skew: number,
): Rejection | undefined {
  const age = Math.floor(now) - issuedAt;
  if (maxAge !== null && age > maxAge) return reject("expired");
  if (age < -skew) return reject("future");
  return undefined;
}
