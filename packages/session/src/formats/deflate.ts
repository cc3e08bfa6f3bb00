import { Buffer } from "node:buffer";
import { buildCode, canonicalCodes, type HuffmanCode } from "./huffman.ts";
import { findPieces } from "./lz77.ts";

// Flask and Django compress with CPython's zlib, which is the original one at level 6. The zlib in
// Node.js is Chromium's, which finds other matches: its output is as good, but not byte-compatible.
// So this writes what the original writes (RFC 1950, RFC 1951). Reading is left to node:zlib.

const END_OF_BLOCK = 256;
const LENGTH_SYMBOLS = 286;
const DISTANCE_SYMBOLS = 30;
/** The order in which the lengths of the code for code lengths are written. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A symbol of an alphabet, and bits that follow its code. */
interface Token {
  readonly symbol: number;
  readonly extraBits?: number;
  readonly extra?: number;
}

type Alphabet = "lengths" | "distances";
type Tokens = readonly (readonly [Alphabet, Token])[];

/** Lengths and distances share a symbol the more, the larger they are: twice as many each `step`. */
function rangeToken(value: number, step: number, first: number): Token {
  if (value < 2 * step) return { symbol: first + value };
  const extraBits = 31 - Math.clz32(value / step);
  const base = value >> extraBits;
  const symbol = first + step * extraBits + base;
  return { symbol, extraBits, extra: value - (base << extraBits) };
}

const lengthToken = (length: number): Token =>
  length === 258 ? { symbol: 285 } : rangeToken(length - 3, 4, END_OF_BLOCK + 1);

function tokensOf(bytes: Uint8Array): Tokens {
  const tokens: [Alphabet, Token][] = [];
  for (const piece of findPieces(bytes)) {
    if (typeof piece === "number") {
      tokens.push(["lengths", { symbol: piece }]);
    } else {
      tokens.push(["lengths", lengthToken(piece.length)]);
      tokens.push(["distances", rangeToken(piece.distance - 1, 2, 0)]);
    }
  }
  tokens.push(["lengths", { symbol: END_OF_BLOCK }]);
  return tokens;
}

type Codes = Readonly<Record<Alphabet, HuffmanCode>>;

function fixedCode(lengths: readonly number[]): HuffmanCode {
  return { lengths, codes: canonicalCodes(lengths, 15), last: lengths.length - 1 };
}

const FIXED: Codes = {
  lengths: fixedCode(
    Array.from({ length: 288 }, (_, symbol) =>
      symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
    ),
  ),
  distances: fixedCode(Array.from({ length: DISTANCE_SYMBOLS }, () => 5)),
};

function frequenciesOf(tokens: readonly Token[], symbols: number): number[] {
  const frequencies = Array.from({ length: symbols }, () => 0);
  for (const { symbol } of tokens) frequencies[symbol] = (frequencies[symbol] ?? 0) + 1;
  return frequencies;
}

const only = (tokens: Tokens, alphabet: Alphabet) =>
  tokens.filter(([which]) => which === alphabet).map(([, token]) => token);

const lengthOf = ({ lengths }: HuffmanCode, { symbol, extraBits = 0 }: Token) =>
  (lengths[symbol] ?? 0) + extraBits;

const sizeOf = (tokens: Tokens, codes: Codes) =>
  tokens.reduce((bits, [alphabet, token]) => bits + lengthOf(codes[alphabet], token), 0);

/** The code lengths of both codes, with runs of equal ones in one token (RFC 1951 §3.2.7). */
function runTokens({ lengths, last }: HuffmanCode): Token[] {
  const tokens: Token[] = [];
  let previous = -1;
  for (let at = 0; at <= last;) {
    const length = lengths[at] ?? 0;
    // A run that goes on from the symbol before needs three; one that begins here is spelt once.
    const [least, most] = length === 0 ? [3, 138] : length === previous ? [3, 6] : [4, 7];
    let run = 1;
    while (run < most && at + run <= last && lengths[at + run] === length) run += 1;
    if (run < least) {
      for (let i = 0; i < run; i += 1) tokens.push({ symbol: length });
    } else if (length === 0) {
      const isShort = run <= 10;
      tokens.push({
        symbol: isShort ? 17 : 18,
        extraBits: isShort ? 3 : 7,
        extra: run - (isShort ? 3 : 11),
      });
    } else {
      if (length !== previous) tokens.push({ symbol: length });
      tokens.push({ symbol: 16, extraBits: 2, extra: run - (length === previous ? 3 : 4) });
    }
    previous = length;
    at += run;
  }
  return tokens;
}

/** Writes bits, the lowest first. */
class BitWriter {
  readonly #bytes: number[] = [];
  #held = 0;
  #count = 0;

  write(bits: number, count: number): void {
    this.#held |= bits << this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.#bytes.push(this.#held & 0xff);
      this.#held >>>= 8;
      this.#count -= 8;
    }
  }

  token(code: HuffmanCode, { symbol, extraBits = 0, extra = 0 }: Token): void {
    this.write(code.codes[symbol] ?? 0, code.lengths[symbol] ?? 0);
    this.write(extra, extraBits);
  }

  finish(): Buffer {
    if (this.#count > 0) this.#bytes.push(this.#held & 0xff);
    return Buffer.from(this.#bytes);
  }
}

/** The only block of a deflate stream, with the code that makes it shorter (RFC 1951 §3.2.3). */
function writeBlock(tokens: Tokens): Buffer {
  const own: Codes = {
    lengths: buildCode(frequenciesOf(only(tokens, "lengths"), LENGTH_SYMBOLS), 15),
    distances: buildCode(frequenciesOf(only(tokens, "distances"), DISTANCE_SYMBOLS), 15),
  };
  const runs = [...runTokens(own.lengths), ...runTokens(own.distances)];
  const runCode = buildCode(frequenciesOf(runs, ORDER.length), 7);
  const written = Math.max(4, ORDER.findLastIndex((symbol) => runCode.lengths[symbol] !== 0) + 1);
  const head = 14 + 3 * written + runs.reduce((bits, run) => bits + lengthOf(runCode, run), 0);
  const bytesFor = (bits: number) => (bits + 3 + 7) >> 3;

  const out = new BitWriter();
  let codes = FIXED;
  if (bytesFor(sizeOf(tokens, FIXED)) <= bytesFor(head + sizeOf(tokens, own))) {
    out.write(0b011, 3);
  } else {
    codes = own;
    out.write(0b101, 3);
    out.write(own.lengths.last - 256, 5);
    out.write(own.distances.last, 5);
    out.write(written - 4, 4);
    for (const symbol of ORDER.slice(0, written)) out.write(runCode.lengths[symbol] ?? 0, 3);
    for (const run of runs) out.token(runCode, run);
  }
  for (const [alphabet, token] of tokens) out.token(codes[alphabet], token);
  return out.finish();
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

/**
 * Compresses as `zlib.compress` of CPython does, byte for byte, for what fits in a cookie: over
 * 16,382 symbols zlib would begin a second block, and what it cannot compress it would store.
 */
export function deflate(bytes: Uint8Array): Buffer {
  const trailer = Buffer.alloc(4);
  trailer.writeUInt32BE(adler32(bytes));
  return Buffer.concat([Buffer.from([0x78, 0x9c]), writeBlock(tokensOf(bytes)), trailer]);
}
