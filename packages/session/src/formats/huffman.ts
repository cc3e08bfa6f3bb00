/** A Huffman code: for each symbol its length in bits, and its bits. */
export interface HuffmanCode {
  readonly lengths: readonly number[];
  readonly codes: readonly number[];
  /** The last symbol that has a code. */
  readonly last: number;
}

/**
 * Builds the code of an alphabet (RFC 1951 §3.2.2) with zlib's choices between equals: a binary heap
 * ordered by frequency, then by depth of the subtree, and at least two codes.
 *
 * @param frequencies how often each symbol comes
 * @param limit the longest code in bits
 */
export function buildCode(frequencies: readonly number[], limit: number): HuffmanCode {
  const { parents, order, last } = buildTree(frequencies);
  const lengths = limitLengths(parents, order, frequencies.length, limit);
  return { lengths, codes: canonicalCodes(lengths, limit), last };
}

interface Tree {
  /** The parent of each node; symbols are the first nodes. */
  readonly parents: readonly number[];
  /** All nodes from the root down, each after its parent. */
  readonly order: readonly number[];
  readonly last: number;
}

function buildTree(given: readonly number[]): Tree {
  const frequencies = [...given];
  const depths = frequencies.map(() => 0);
  const parents: number[] = [];
  const heap: number[] = [];
  for (const [symbol, frequency] of frequencies.entries()) if (frequency > 0) heap.push(symbol);
  let last = heap.at(-1) ?? -1;
  while (heap.length < 2) {
    // Deflate wants two codes even where there is one symbol, or none.
    const symbol = last < 2 ? ++last : 0;
    frequencies[symbol] = 1;
    heap.push(symbol);
  }
  const isLess = (a: number, b: number) => {
    const difference = at(frequencies, a) - at(frequencies, b);
    return difference < 0 || (difference === 0 && at(depths, a) <= at(depths, b));
  };
  for (let i = (heap.length >> 1) - 1; i >= 0; i -= 1) sink(heap, i, isLess);
  const merged: number[] = [];
  while (heap.length >= 2) {
    const first = at(heap, 0);
    const moved = heap.pop() ?? 0;
    if (heap.length > 0) {
      heap[0] = moved;
      sink(heap, 0, isLess);
    }
    const second = at(heap, 0);
    merged.push(first, second);
    const node = frequencies.length;
    frequencies.push(at(frequencies, first) + at(frequencies, second));
    depths.push(Math.max(at(depths, first), at(depths, second)) + 1);
    parents[first] = node;
    parents[second] = node;
    heap[0] = node;
    sink(heap, 0, isLess);
  }
  const root = at(heap, 0);
  return { parents, order: [root, ...merged.toReversed()], last };
}

const at = (list: readonly number[], index: number) => list[index] ?? 0;

function sink(heap: number[], start: number, isLess: (a: number, b: number) => boolean): void {
  const value = at(heap, start);
  let hole = start;
  for (let child = 2 * hole + 1; child < heap.length; child = 2 * hole + 1) {
    if (child + 1 < heap.length && isLess(at(heap, child + 1), at(heap, child))) child += 1;
    if (isLess(value, at(heap, child))) break;
    heap[hole] = at(heap, child);
    hole = child;
  }
  heap[hole] = value;
}

/** The depth of each symbol, made shorter where it is over the limit. */
function limitLengths(
  parents: readonly number[],
  order: readonly number[],
  symbols: number,
  limit: number,
): number[] {
  const lengths: number[] = [];
  const counts = Array.from({ length: limit + 1 }, () => 0);
  let overflow = 0;
  for (const [i, node] of order.entries()) {
    let length = i === 0 ? 0 : at(lengths, at(parents, node)) + 1;
    if (length > limit) {
      length = limit;
      overflow += 1;
    }
    lengths[node] = length;
    if (node < symbols) counts[length] = at(counts, length) + 1;
  }
  if (overflow > 0) {
    evenOut(counts, overflow, limit);
    reassign(lengths, order, counts, symbols);
  }
  return Array.from({ length: symbols }, (_, symbol) => at(lengths, symbol));
}

/** Moves leaves so that the code is complete again with nothing over the limit. */
function evenOut(counts: number[], overflow: number, limit: number): void {
  for (let left = overflow; left > 0; left -= 2) {
    let length = limit - 1;
    while (at(counts, length) === 0) length -= 1;
    counts[length] = at(counts, length) - 1;
    counts[length + 1] = at(counts, length + 1) + 2;
    counts[limit] = at(counts, limit) - 1;
  }
}

/** Gives the longest codes to the nodes merged first, which are the rarest. */
function reassign(
  lengths: number[],
  order: readonly number[],
  counts: readonly number[],
  symbols: number,
): void {
  let next = order.length;
  for (let length = counts.length - 1; length > 0; length -= 1) {
    for (let left = at(counts, length); left > 0;) {
      next -= 1;
      const node = at(order, next);
      if (node >= symbols) continue;
      lengths[node] = length;
      left -= 1;
    }
  }
}

/** The bits of each code, the first bit lowest, as deflate writes them. */
export function canonicalCodes(lengths: readonly number[], limit: number): number[] {
  const counts = Array.from({ length: limit + 1 }, () => 0);
  for (const length of lengths) if (length > 0) counts[length] = at(counts, length) + 1;
  const next: number[] = [];
  for (let length = 1, code = 0; length <= limit; length += 1) {
    code = (code + at(counts, length - 1)) << 1;
    next[length] = code;
  }
  return lengths.map((length) => {
    if (length === 0) return 0;
    const code = at(next, length);
    next[length] = code + 1;
    return reverse(code, length);
  });
}

/** Reverses the order of some bits. */
function reverse(bits: number, length: number): number {
  let reversed = 0;
  for (let i = 0; i < length; i += 1) reversed = (reversed << 1) | ((bits >> i) & 1);
  return reversed;
}
