/** Random numbers that depend only on a seed. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
}

/**
 * Makes a small generator (mulberry32): random enough to choose mutations, and the same everywhere.
 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
  return { below, pick: (list) => list[below(list.length)]! };
}

/** Returns the seed of this run. `FUZZ_SEED` repeats an earlier run. */
export function fuzzSeed(): number {
  const given = Number(process.env["FUZZ_SEED"]);
  return Number.isSafeInteger(given) && given > 0 ? given : 1 + (Date.now() % 0x7fffffff);
}

/**
 * Makes inputs for a parser. Each starts as an example and is cut, joined, repeated or mixed with
 * the parser's special words, one to four times.
 *
 * @param corpus examples, valid and nearly valid
 * @param words texts that the parser treats specially
 */
export function mutator(
  corpus: readonly string[],
  words: readonly string[],
  random: Random,
): () => string {
  return () => {
    let text = random.pick(corpus);
    for (let step = random.below(5); step > 0; step--) {
      text = mutate(text, corpus, words, random);
    }
    return text;
  };
}

const LONGEST = 4096;

function mutate(
  text: string,
  corpus: readonly string[],
  words: readonly string[],
  random: Random,
): string {
  const at = random.below(text.length + 1);
  const to = at + random.below(text.length - at + 1);
  const before = text.slice(0, at);
  switch (random.below(8)) {
    case 0: // a word put in
      return before + random.pick(words) + text.slice(at);
    case 1: // a word in place of a part
      return before + random.pick(words) + text.slice(to);
    case 2: // a part cut out
      return before + text.slice(to);
    case 3: // a part twice
      return (text.slice(0, to) + text.slice(at)).slice(0, LONGEST);
    case 4: // any byte in place of one
      return before + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 5: // a bit flipped
      return flipBit(text, at, random.below(8));
    case 6: // the start of this and the end of another
      return (before + random.pick(corpus).slice(at)).slice(0, LONGEST);
    default: // the other case
      return before + swapCase(text.slice(at, to)) + text.slice(to);
  }
}

function flipBit(text: string, at: number, bit: number): string {
  if (at >= text.length) return text;
  return (
    text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1)
  );
}

function swapCase(text: string): string {
  const upper = text.toUpperCase();
  return upper === text ? text.toLowerCase() : upper;
}
