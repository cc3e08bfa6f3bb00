import { AMBIGUOUS, findCookie } from "./parse.ts";
import { COOKIE_LIMIT } from "./serialize.ts";

/** The largest number of cookies that one session may use. */
export const MAX_CHUNKS = 4;
/** The limit in bytes for a session that is split into several cookies. */
export const MAX_TOTAL = MAX_CHUNKS * COOKIE_LIMIT;
/**
 * The default limit in bytes for all cookies of a session together. nginx and Apache accept
 * requests with 8 kB of cookies, and Node accepts 16 kB of headers; the app's other cookies need
 * room too. A larger request gets a 400 or 431.
 */
export const DEFAULT_TOTAL = 6000;

const chunkName = (name: string, index: number) => (index === 0 ? name : `${name}.${index}`);

/** True if `candidate` is the name of a session's second or later cookie, such as `session.1`. */
export function isChunkName(name: string, candidate: string): boolean {
  return candidate !== name && chunkNames(name).includes(candidate);
}

/** Returns the names of the cookies that a session may be split into: `session`, `session.1`... */
export function chunkNames(name: string): string[] {
  return Array.from({ length: MAX_CHUNKS }, (_, index) => chunkName(name, index));
}

/**
 * Finds the cookies that a session was split into, up to the first missing one. No cookie says how
 * many belong to the session: the caller tries all of them, then fewer, until the MAC over the
 * joined values is right.
 */
export function findChunks(header: string, name: string): string[] | typeof AMBIGUOUS {
  const chunks: string[] = [];
  for (const each of chunkNames(name)) {
    const value = findCookie(header, each);
    if (value === AMBIGUOUS) return AMBIGUOUS;
    if (value === undefined) break;
    chunks.push(value);
  }
  return chunks;
}

/** Splits a session's value into cookies, each within the size limit of browsers. */
export function splitChunks(name: string, value: string): { name: string; value: string }[] {
  const chunks: { name: string; value: string }[] = [];
  let rest = value;
  do {
    const chunk = chunkName(name, chunks.length);
    const room = COOKIE_LIMIT - chunk.length;
    chunks.push({ name: chunk, value: rest.slice(0, room) });
    rest = rest.slice(room);
  } while (rest !== "");
  return chunks;
}
