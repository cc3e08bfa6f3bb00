import { MAX_AGE_LIMIT } from "../cookie/serialize.ts";
import { NEVER, type Times } from "../token/header.ts";
import { expiryOf, judgeTimes, type Lifetimes } from "../token/times.ts";
import { integer, orNull, type Check } from "../validate.ts";
import type { JsonObject } from "./format.ts";
import { parseBody } from "./json.ts";
import type { Revision } from "./records.ts";

/** The check for the values of `maxAge` and `setMaxAge`. */
export const LIFETIME: Check = orNull(
  integer(1, MAX_AGE_LIMIT, `whole seconds, 1 to ${MAX_AGE_LIMIT} (400 days)`),
);

/**
 * The lifetime that `setMaxAge` gave a session: seconds, or null until the browser closes;
 * `undefined` if the option `maxAge` applies.
 */
export type OwnMaxAge = number | null | undefined;

/** Returns the lifetime that `setMaxAge` gave a session, from the session's metadata. */
export function ownMaxAge(meta: JsonObject): OwnMaxAge {
  return meta["maxAge"] as OwnMaxAge;
}

/**
 * Returns the lifetime that `setMaxAge` gave a session, from the session's JSON. Most sessions have
 * no metadata; then the JSON is not parsed.
 */
export function ownMaxAgeIn(json: string): OwnMaxAge {
  if (!json.startsWith("[") || !json.includes('"maxAge":')) return undefined;
  const body = parseBody(json);
  return body && ownMaxAge(body.meta);
}

/**
 * Returns the lifetimes that apply to one session: those in the options, or the one from
 * `setMaxAge`. If `setMaxAge` was called with null, the option `maxAge` decides when the token
 * expires.
 *
 * @param own the lifetime that `setMaxAge` gave the session
 */
export function lifetimesOf(lifetimes: Lifetimes, own: OwnMaxAge): Lifetimes {
  return typeof own === "number" ? { ...lifetimes, maxAge: own } : lifetimes;
}

/**
 * True if the session's cookie has neither `Max-Age` nor `Expires`, so that the browser deletes the
 * cookie on closing.
 */
export function endsWithBrowser({ maxAge }: Lifetimes, own: OwnMaxAge): boolean {
  return (own === undefined ? maxAge : own) === null;
}

/**
 * Checks if the times in an authentic token are valid now. Uses the lifetime that `setMaxAge` gave
 * the token's session, if any.
 *
 * @returns the reason to reject the token; `undefined` if it is valid
 */
export function judgeLifetime(
  token: Times & Pick<Revision, "json">,
  now: number,
  lifetimes: Lifetimes,
): ReturnType<typeof judgeTimes> {
  const fault = judgeTimes(token, now, lifetimes);
  // A token that has only expired by the option `maxAge` may still be valid by its own lifetime.
  if (fault !== "expired" || now >= token.exp) return fault;
  return judgeTimes(token, now, lifetimesOf(lifetimes, ownMaxAgeIn(token.json)));
}

/**
 * Returns when a session expires unless it is used, in seconds since 1970; `Infinity` for never.
 */
export function endOf(session: Times & Pick<Revision, "json">, lifetimes: Lifetimes): number {
  const { born, iat, exp, json } = session;
  const latest = expiryOf(born, iat, lifetimes);
  const last = exp <= latest ? exp : expiryOf(born, iat, lifetimesOf(lifetimes, ownMaxAgeIn(json)));
  return Math.min(exp, last) >= NEVER ? Number.POSITIVE_INFINITY : Math.min(exp, last);
}
