import { AMBIGUOUS, findCookie } from "./parse.ts";
import { COOKIE_LIMIT } from "./serialize.ts";

/** The most cookies that one session may use. */
export const MAX_CHUNKS = 4;
/** Bytes of the largest session that chunks can hold. */
export const MAX_TOTAL = MAX_CHUNKS * COOKIE_LIMIT;
/**
 * The default limit of all chunks in bytes. nginx and Apache accept 8 kB of cookies in a request
 * and Node 16 kB of headers, and other cookies need room too. A request beyond that gets a 400 or
 * 431.
 */
export const DEFAULT_TOTAL = 6000;

const chunkName = (name: string, index: number) => (index === 0 ? name : `${name}.${index}`);

/** True if a cookie is a chunk after the first. */
export function isChunkName(name: string, candidate: string): boolean {
  return candidate !== name && chunkNames(name).includes(candidate);
}

/** Returns the names that a session may use: `session`, `session.1`, `session.2`... */
export function chunkNames(name: string): string[] {
  return Array.from({ length: MAX_CHUNKS }, (_, index) => chunkName(name, index));
}

/**
 * Collects the chunks of a session up to the first gap. No cookie says how many belong together:
 * the caller tries all of them, then fewer, and one MAC over the whole decides.
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

/** Splits a value so that name and value of each chunk stay within a browser's limit. */
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
