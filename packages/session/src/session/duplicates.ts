import { chunkNames } from "../cookie/chunks.ts";
import { AMBIGUOUS, findCookie, findCookies } from "../cookie/parse.ts";
import { looksLikeToken, type OpenedToken } from "../token/token.ts";
import { isStored, type AnyFormat } from "./format.ts";
import { judgeLifetime } from "./lifetime.ts";
import type { LoadedSnapshot, VerifiedCookie } from "./records.ts";
import type { Shared } from "./shared.ts";
import { rejectCookie } from "./snapshot.ts";
import { openCached } from "./verified.ts";

/**
 * How many cookies with the same name a request may have. A request with more gets an empty
 * session.
 */
const MAX_VALUES = 8;
/**
 * The most combinations of cookie values that are tried as a session token, if a request has
 * several cookies of one name.
 */
const MAX_WAYS = 64;

/** A possible session token: the value of one cookie, or the joined values of several cookies. */
interface Candidate {
  readonly token: string;
  readonly parts: readonly string[];
}

/**
 * Chooses the session of a request that has several cookies with the session's name. If the server
 * issued all of them, the newest session is used: an option such as `domain` or `path` was changed,
 * and the browser kept the old cookie too. If the server did not issue one of them, all are
 * rejected, because an attacker may have planted it.
 *
 * @param now seconds since 1970
 */
export function chooseNewest(
  shared: Shared,
  header: string,
  now: number,
): VerifiedCookie | LoadedSnapshot {
  const { settings } = shared;
  const { cookieName, formats, lifetimes } = settings;
  const names = settings.chunks ? chunkNames(cookieName) : [cookieName];
  const values = names.map((name) => findCookies(header, name));
  const present = names.filter((_, at) => values[at]!.length > 0);
  const isGenuine = (format: AnyFormat, value: string) => {
    const get = (name: string) => {
      const found = name === cookieName ? value : findCookie(header, name);
      return found === AMBIGUOUS ? undefined : found;
    };
    return isStored(format) ? format.isGenuine({ get }) : format.read({ get }, now)?.ok === true;
  };
  const { opened, isPlanted } = openAll(shared, values, (value) =>
    formats.some((format) => isGenuine(format, value)),
  );
  const [newest] = opened.toSorted((a, b) => compare(b.session, a.session));
  if (newest === undefined || isPlanted) {
    const rejected = rejectCookie(shared, "duplicate", now, present);
    return { ...rejected, others: opened.map(({ session }) => session) };
  }
  const { session, token } = newest;
  const others = opened.map((each) => each.session).filter(({ sid }) => sid !== session.sid);
  // If the newest session is not valid, an older one must not take its place: after a logout that
  // would log the user in again.
  const fault = judgeLifetime(session, now, lifetimes);
  return fault === undefined
    ? { opened: session, present, token, others }
    : { ...rejectCookie(shared, fault, now, present, session.sid), others };
}

interface Opened {
  readonly session: OpenedToken;
  readonly token: string;
}

function openAll(
  shared: Shared,
  values: readonly (readonly string[])[],
  isForeign: (value: string) => boolean,
): { opened: Opened[]; isPlanted: boolean } {
  const opened: Opened[] = [];
  const covered = new Set<string>();
  if (values.some((each) => each.length > MAX_VALUES)) return { opened, isPlanted: true };
  for (const { token, parts } of candidates(values)) {
    const session = openCached(shared, token);
    if (typeof session === "string") continue;
    opened.push({ session, token: parts[0]! });
    for (const part of parts) covered.add(part);
  }
  // Only names with two values matter: a single chunk may be left over from a longer session.
  const claimed = values.filter((each) => each.length > 1).flat();
  const isPlanted = claimed.some(
    (value) => !covered.has(value) && (looksLikeToken(value) || !isForeign(value)),
  );
  return { opened, isPlanted };
}

/**
 * Returns every token that cookies may form: each value of the first cookie alone, then joined with
 * each value of the second, and so on.
 *
 * @param values the values of each cookie, in the order in which a long token is split into cookies
 */
function candidates(values: readonly (readonly string[])[]): Candidate[] {
  const all: Candidate[] = [];
  let before: Candidate[] = [{ token: "", parts: [] }];
  for (const each of values) {
    before = before.flatMap(({ token, parts }) =>
      each.map((value) => ({ token: token + value, parts: [...parts, value] })),
    );
    if (all.length + before.length > MAX_WAYS) break;
    all.push(...before);
  }
  return all;
}

function compare(a: OpenedToken, b: OpenedToken): number {
  return a.iat - b.iat || a.born - b.born || a.rev - b.rev;
}
