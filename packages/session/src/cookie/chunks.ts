import { AMBIGUOUS, findCookie } from "./parse.ts";
import { COOKIE_LIMIT } from "./serialize.ts";

/** The most cookies that one session may take. */
export const MAX_CHUNKS = 4;
/** Bytes of the largest session in chunks. */
export const MAX_TOTAL = MAX_CHUNKS * COOKIE_LIMIT;
/**
 * Bytes in all by default. nginx and Apache take 8 kB of cookies in a request and Node 16 kB of
 * headers; other cookies need room too. What is larger is a 400 or a 431 for every request.
 */
export const DEFAULT_TOTAL = 6000;

const chunkName = (name: string, index: number) => (index === 0 ? name : `${name}.${index}`);

/** Whether a cookie is one of those that follow the first. */
export function isChunkName(name: string, candidate: string): boolean {
  return candidate !== name && chunkNames(name).includes(candidate);
}

/** The names that a session may take: `session`, `session.1`, `session.2`... */
export function chunkNames(name: string): string[] {
  return Array.from({ length: MAX_CHUNKS }, (_, index) => chunkName(name, index));
}

/**
 * Collects the chunks of a session up to the first gap. How many belong together is not taken from
 * any cookie: the caller tries all of them, then fewer, and one MAC over the whole decides.
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

/** Splits a value so that name and value of every chunk stay within what a browser keeps. */
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
