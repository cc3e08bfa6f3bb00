/** A byte as it is, or a copy of earlier bytes. */
export type Piece = number | { readonly length: number; readonly distance: number };

const MIN_MATCH = 3;
const MAX_MATCH = 258;
const MAX_DISTANCE = 32_768 - 262;
/** A copy of three bytes from further back is longer than the three bytes. */
const TOO_FAR = 4096;
// zlib's level 6.
const GOOD_LENGTH = 8;
const LAZY_LENGTH = 16;
const NICE_LENGTH = 128;
const MAX_CHAIN = 128;

/**
 * Finds repetitions as zlib does at level 6: hash chains over three bytes, and a match is given up
 * where the next byte begins a longer one.
 */
export function findPieces(bytes: Uint8Array): Piece[] {
  const chains = new Chains(bytes);
  const pieces: Piece[] = [];
  let length = MIN_MATCH - 1;
  let start = 0;
  let pending = false;
  for (let at = 0; at < bytes.length;) {
    const [lastLength, lastStart] = [length, start];
    const head = chains.insert(at);
    length = MIN_MATCH - 1;
    if (head > 0 && lastLength < LAZY_LENGTH && at - head <= MAX_DISTANCE) {
      ({ length, start } = chains.longest(at, head, lastLength, lastStart));
      if (length === MIN_MATCH && at - start > TOO_FAR) length = MIN_MATCH - 1;
    }
    if (lastLength >= MIN_MATCH && length <= lastLength) {
      pieces.push({ length: lastLength, distance: at - 1 - lastStart });
      const end = at - 1 + lastLength;
      for (let inside = at + 1; inside < end; inside += 1) chains.insert(inside);
      at = end;
      length = MIN_MATCH - 1;
      pending = false;
      continue;
    }
    if (pending) pieces.push(bytes[at - 1] ?? 0);
    pending = true;
    at += 1;
  }
  if (pending) pieces.push(bytes.at(-1) ?? 0);
  return pieces;
}

/** For each three bytes, where they came before; the place 0 stands for none, as in zlib. */
class Chains {
  readonly #bytes: Uint8Array;
  readonly #heads = new Uint32Array(32_768);
  readonly #previous: Uint32Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#previous = new Uint32Array(bytes.length);
  }

  /** Adds the three bytes at a place; gives where something of the same hash stood before. */
  insert(at: number): number {
    const bytes = this.#bytes;
    if (at + MIN_MATCH > bytes.length) return 0;
    const [a = 0, b = 0, c = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    const hash = ((a << 10) ^ (b << 5) ^ c) & 0x7fff;
    const head = this.#heads[hash] ?? 0;
    this.#previous[at] = head;
    this.#heads[hash] = at;
    return head;
  }

  /** The longest match that is longer than the last one; that one where there is none. */
  longest(at: number, head: number, lastLength: number, lastStart: number) {
    const most = Math.min(MAX_MATCH, this.#bytes.length - at);
    const nice = Math.min(NICE_LENGTH, most);
    const limit = Math.max(0, at - MAX_DISTANCE);
    let left = lastLength >= GOOD_LENGTH ? MAX_CHAIN >> 2 : MAX_CHAIN;
    let [length, start] = [lastLength, lastStart];
    let place = head;
    do {
      const found = this.#common(place, at, most);
      if (found > length) {
        [length, start] = [found, place];
        if (found >= nice) break;
      }
      place = this.#previous[place] ?? 0;
      left -= 1;
    } while (place > limit && left > 0);
    return { length: Math.min(length, this.#bytes.length - at), start };
  }

  #common(a: number, b: number, most: number): number {
    const bytes = this.#bytes;
    let length = 0;
    while (length < most && bytes[a + length] === bytes[b + length]) length += 1;
    return length;
  }
}
