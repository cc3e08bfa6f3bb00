import {
  type FormatReading,
  type RejectReason,
  type Secret,
  SessionError,
  type SessionFormat,
} from "@galleta/session";
import { cookieSession } from "@galleta/session/formats/cookie-session";
import { django } from "@galleta/session/formats/django";
import { flask } from "@galleta/session/formats/flask";
import { ironSession } from "@galleta/session/formats/iron-session";
import { rails } from "@galleta/session/formats/rails";
import { starlette } from "@galleta/session/formats/starlette";
import type { Digest } from "@galleta/session/internals";
import type { Candidate } from "./recognise.ts";

/** A cookie of another framework, with the keys and times to verify it. */
export interface ForeignCookie {
  readonly name: string;
  readonly value: string;
  /** The value of the cookie `name.sig`, which contains the signature, if there is one. */
  readonly signature: string | undefined;
  readonly keys: readonly Secret[];
  /** How many seconds the framework accepts the cookie; undefined means the framework's default. */
  readonly maxAge: number | null | undefined;
  /** The current time, in seconds since 1970. */
  readonly now: number;
}

const DAY = 86_400;
/**
 * The default lifetime in seconds, for each framework that does not write the lifetime into its
 * cookies.
 */
export const DEFAULT_MAX_AGE: Readonly<Partial<Record<Candidate["format"], number>>> = {
  starlette: 14 * DAY,
  flask: 31 * DAY,
  django: 14 * DAY,
};

const DIGESTS: Readonly<Record<number, Digest>> = {
  20: "sha1",
  32: "sha256",
  48: "sha384",
  64: "sha512",
};

/**
 * Verifies a cookie of another framework. Tries each key, with every variant of the framework's
 * format that its options allow.
 */
export function verifyForeign(candidate: Candidate, cookie: ForeignCookie): FormatReading {
  const cookies = new Map([[cookie.name, cookie.value]]);
  if (cookie.signature !== undefined) cookies.set(`${cookie.name}.sig`, cookie.signature);
  let reason: RejectReason | undefined;
  for (const [index, key] of cookie.keys.entries()) {
    for (const format of formatsOf(candidate, cookie, key)) {
      const reading = format.read(cookies, cookie.now);
      if (reading?.ok) return { ...reading, keyIndex: index };
      // A failure with the right key is more informative than a wrong key.
      if (reason === undefined || isWrongKey(reason)) reason = reading?.reason ?? reason;
    }
  }
  return { ok: false, reason: reason ?? "key" };
}

const isWrongKey = (reason: RejectReason) => ["key", "mac", "decryption"].includes(reason);

function formatsOf(candidate: Candidate, cookie: ForeignCookie, secretKey: Secret) {
  const { name: sessionCookie, maxAge } = cookie;
  const timed = { secretKey, sessionCookie, maxAge };
  const digest = DIGESTS[macBytesOf(candidate, cookie)] ?? "sha1";
  const make: Record<Exclude<Candidate["format"], "galleta">, () => SessionFormat[]> = {
    starlette: () => [starlette(timed)],
    flask: () => [flask({ ...timed, digest })],
    django: () => [django(timed)],
    "cookie-session": () => [cookieSession({ secretKey, sessionCookie, digest })],
    "iron-session": () => [
      // Only the app knows the id of its password, so this takes the id that the seal contains.
      ironSession({ secretKey: { [sealId(cookie.value)]: secretKey }, sessionCookie }),
    ],
    rails: () => [
      rails({ secretKey, sessionCookie }),
      rails({ secretKey, sessionCookie, digest: "sha1" }),
    ],
  };
  try {
    return candidate.format === "galleta" ? [] : make[candidate.format]();
  } catch (error) {
    // The format does not accept the key, such as a short key for iron-session.
    if (error instanceof SessionError && error.code === "ERR_SESSION_KEY") return [];
    throw error;
  }
}

function macBytesOf(candidate: Candidate, { signature }: ForeignCookie): number {
  return signature === undefined ? (candidate.macBytes ?? 0) : Math.floor(signature.length * 0.75);
}

function sealId(value: string): number {
  const id = value.split("*")[1] ?? "";
  return /^\d{1,9}$/.test(id) ? Number(id) : 1;
}
