import { randomBytes } from "node:crypto";
import { DIGITS, digits } from "./redis-scripts.ts";

/** The state of a session's key in Redis. */
export interface SessionLog {
  /** The revision of the newest state. 0 if the key has no value, NaN if Galleta did not write it. */
  readonly rev: number;
  readonly value: string;
  /** The mark of the newest state. Each write has a mark that no other write has. */
  readonly mark: string;
  /** The marks of all states in the log. */
  readonly marks: readonly string[];
  /**
   * The last characters of the value in Redis. They are not `mark` if the last record lost against
   * another write.
   */
  readonly tail: string;
  /** The length in bytes, as Redis counts it. */
  readonly bytes: number;
  /** The length in bytes of the first record. */
  readonly first: number;
  /** The time to live in seconds that the key was given, and when it ends, in seconds since 1970. */
  readonly life: number;
  readonly until: number;
}

/** A state to write. */
export interface NextState {
  readonly rev: number;
  readonly value: string;
  readonly mark: string;
}

/** A new time to live, in seconds, and when it ends, in seconds since 1970. */
export interface Life {
  readonly life: number;
  readonly until: number;
}

/**
 * A log with less time to live, in seconds, takes no records. It is written whole at any age,
 * because prolonging it would hide its age.
 */
export const LEAST_SECONDS = 60;

/** How many characters a mark has. */
export const MARK = 13;
/**
 * The length of a log, divided by this number, leaves a remainder that grows by one each time the
 * log is written whole. Records do not change it.
 */
export const TURNS = 16;
const RECORD = new RegExp(
  `\\+([\\w-]{${MARK}})([\\da-z]+)\\.([\\da-z]*)\\.([\\da-z]*)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+):`,
  "y",
);
const FIRST = new RegExp(`(\\d{${DIGITS}})([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+):`, "y");
const MARK_AT = new RegExp(` {0,${TURNS - 1}}([\\w-]{${MARK}})`, "y");

/** A key without a value. */
const ABSENT: SessionLog = {
  rev: 0,
  value: "",
  mark: "",
  marks: [],
  tail: "",
  bytes: 0,
  first: 0,
  life: 0,
  until: 0,
};

const COUNTED = 36 ** 5;
let name = "";
let count = COUNTED;

/** Returns a mark that no write of any process has. */
export function newMark(): string {
  if (count >= COUNTED) {
    name = randomBytes(6).toString("base64url");
    count = 0;
  }
  return name + (count++).toString(36).padStart(MARK - 8, "0");
}

const base36 = (number: number) => number.toString(36);
const number36 = (text: string | undefined) => Number.parseInt(text ?? "", 36);

/**
 * Encodes a whole state.
 *
 * @param before the previous value of the key. The remainder of the length (see {@link TURNS})
 *   changes, so that a writer that knows only a length notices that the value was written whole
 */
export function encodeFirst(
  { rev, value, mark }: NextState,
  { life, until }: Life,
  before: SessionLog = ABSENT,
): string {
  const text = `${digits(rev)}${base36(life)}.${base36(until)}.${base36(value.length)}:${value}`;
  // Nobody appends to a log with a short life, so only what came before it must be told apart.
  const isBrief = before.first > 0 && before.life < LEAST_SECONDS;
  return padded(text, isBrief ? before.first : before.first + 1) + mark;
}

/**
 * Encodes a state as its difference from the state before it.
 *
 * @param life a new time to live, if the key gets one together with the record
 */
export function encodeRecord(
  before: SessionLog,
  { rev, value, mark }: NextState,
  life?: Life,
): string {
  // The mark of a write and the JSON change in every write. What lies between them does not.
  const [cut, end] = [before.value.indexOf(" ") + 1, value.indexOf(" ") + 1];
  const [at, drop, head] = difference(before.value.slice(0, cut), value.slice(0, end));
  const [from, dropped, rest] = difference(before.value.slice(cut), value.slice(end));
  const times = life === undefined ? ["", ""] : [base36(life.life), base36(life.until)];
  const numbers = [at, drop, head.length, cut + from, dropped, rest.length].map(base36);
  const fields = [base36(rev), ...times, ...numbers].join(".");
  return padded(`+${before.mark}${fields}:${head}${rest}`, 0) + mark;
}

/** Returns the log with a record that was appended to it. */
export function appended(
  before: SessionLog,
  { rev, value, mark }: NextState,
  record: string,
  life?: Life,
): SessionLog {
  const bytes = before.bytes + Buffer.byteLength(record);
  return { ...before, ...life, rev, value, mark, marks: [mark], tail: mark, bytes };
}

/** Appends spaces, so that with a mark the text leaves the same remainder as `length`. */
function padded(text: string, length: number): string {
  const over = Buffer.byteLength(text) + MARK - (length % TURNS);
  return text + " ".repeat((TURNS - (over % TURNS)) % TURNS);
}

/** Returns where two texts differ: the position, how many characters to drop, what to insert. */
function difference(before: string, after: string): [number, number, string] {
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && before.charCodeAt(at) === after.charCodeAt(at)) at += 1;
  // Half of a surrogate pair cannot be encoded in UTF-8.
  if (at > 0 && isHigh(before.charCodeAt(at - 1))) at -= 1;
  let same = 0;
  const most = shorter - at;
  while (
    same < most &&
    before.charCodeAt(before.length - same - 1) === after.charCodeAt(after.length - same - 1)
  ) {
    same += 1;
  }
  if (same > 0 && isLow(before.charCodeAt(before.length - same))) same -= 1;
  return [at, before.length - same - at, after.slice(at, after.length - same)];
}

const isHigh = (code: number) => (code & 0xfc00) === 0xd800;
const isLow = (code: number) => (code & 0xfc00) === 0xdc00;

/** Returns the state of a key by its text. A record counts if it names the state before it. */
export function replay(text: string | undefined): SessionLog {
  if (text === undefined) return ABSENT;
  const bytes = Buffer.byteLength(text);
  FIRST.lastIndex = 0;
  const first = FIRST.exec(text);
  // Records without a first one: the key was deleted just before they were appended.
  if (first === null) {
    return { ...ABSENT, rev: text.startsWith("+") ? 0 : Number.NaN, value: text, bytes };
  }
  const start = FIRST.lastIndex;
  let value = text.slice(start, start + number36(first[4]));
  let mark = markAt(text, start + value.length);
  if (mark === undefined) return { ...ABSENT, rev: Number.NaN, value: text, bytes };
  let at = MARK_AT.lastIndex;
  let rev = Number(first[1]);
  let [life, until] = [number36(first[2]), number36(first[3])];
  const firstBytes = at === text.length ? bytes : Buffer.byteLength(text.slice(0, at));
  const marks = [mark];
  let tail = mark;
  while (at < text.length) {
    RECORD.lastIndex = at;
    const fields = RECORD.exec(text);
    if (fields === null) break;
    const [hunks, after] = [fields.slice(5).map(number36), RECORD.lastIndex];
    const [, , head = 0, , , rest = 0] = hunks;
    const next = markAt(text, after + head + rest);
    if (next === undefined) break;
    at = MARK_AT.lastIndex;
    tail = next;
    if (fields[1] !== mark) continue;
    value = apply(value, hunks, text.slice(after, after + head + rest));
    [rev, mark] = [number36(fields[2]), next];
    marks.push(mark);
    if (fields[3] !== "") [life, until] = [number36(fields[3]), number36(fields[4])];
  }
  // What follows cannot be read, so no record can be appended to it.
  if (at < text.length) tail = "";
  return { rev, value, mark, marks, tail, bytes, first: firstBytes, life, until };
}

function markAt(text: string, at: number): string | undefined {
  MARK_AT.lastIndex = at;
  return MARK_AT.exec(text)?.[1];
}

function apply(value: string, hunks: readonly number[], inserted: string): string {
  const [at = 0, drop = 0, head = 0, from = 0, dropped = 0] = hunks;
  return (
    value.slice(0, at) +
    inserted.slice(0, head) +
    value.slice(at + drop, from) +
    inserted.slice(head) +
    value.slice(from + dropped)
  );
}
