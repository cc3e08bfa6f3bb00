import { randomBytes } from "node:crypto";
import { DIGITS, digits } from "./redis-scripts.ts";

/**
 * A session's value in Redis, decoded. It is a log: a complete state of the session, then a record
 * for each later change.
 */
export interface SessionLog {
  /**
   * The revision of the session's newest state; 0 if the key has no value, NaN if Galleta did not
   * write the value.
   */
  readonly rev: number;
  readonly value: string;
  /** The mark of the newest state: characters that identify the write of this state. */
  readonly mark: string;
  /** The marks of all states in the log. A mark is characters that identify one write. */
  readonly marks: readonly string[];
  /**
   * The mark (characters that identify one write) of the last record in the log, or "" if the log's
   * end cannot be read. It differs from `mark` if the last record is void, because another write
   * came before it.
   */
  readonly tail: string;
  /** The length of the log in bytes, as Redis counts it. */
  readonly bytes: number;
  /** The length in bytes of the complete state with which the log begins. */
  readonly first: number;
  /** The time to live that the Redis key was given, in seconds. */
  readonly life: number;
  /** When the Redis key expires, in seconds since 1970. */
  readonly until: number;
}

/** A new state of a session, to be written to Redis. */
export interface NextState {
  readonly rev: number;
  readonly value: string;
  readonly mark: string;
}

/** A new time to live for a Redis key. */
export interface Life {
  /** The time to live in seconds. */
  readonly life: number;
  /** When the Redis key expires, in seconds since 1970. */
  readonly until: number;
}

/**
 * The shortest time to live, in seconds, of a Redis key to which records of changes are appended.
 * If the time is shorter, each change writes the complete session. A record would have to prolong
 * the key, and the age of the log, which is computed from the remaining time, would be lost.
 */
export const LEAST_SECONDS = 60;

/** The length of a mark, the characters that identify one write. */
export const MARK = 13;
/**
 * The length of a log modulo this number changes each time the log is replaced as a whole, and
 * never when a record is appended. So a writer sees from the length whether another process
 * replaced the log.
 */
export const TURNS = 16;
const RECORD = new RegExp(
  `\\+([\\w-]{${MARK}})([\\da-z]+)\\.([\\da-z]*)\\.([\\da-z]*)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+):`,
  "y",
);
const FIRST = new RegExp(`(\\d{${DIGITS}})([\\da-z]+)\\.([\\da-z]+)\\.([\\da-z]+):`, "y");
const MARK_AT = new RegExp(` {0,${TURNS - 1}}([\\w-]{${MARK}})`, "y");

/** The decoded form of a Redis key without a value. */
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

/**
 * Returns a new mark: characters that identify one write, different from those of all other writes
 * of all processes.
 */
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
 * Encodes a complete state of a session, with which a log begins.
 *
 * @param before the log that is replaced. The new log gets a length with another remainder (see
 *   {@link TURNS}), so that a writer that knows only the old length notices the replacement
 */
export function encodeFirst(
  { rev, value, mark }: NextState,
  { life, until }: Life,
  before: SessionLog = ABSENT,
): string {
  const text = `${digits(rev)}${base36(life)}.${base36(until)}.${base36(value.length)}:${value}`;
  // No writer appends to a log with a short life, so the new remainder must differ only from that
  // of the log before it.
  const isBrief = before.first > 0 && before.life < LEAST_SECONDS;
  return padded(text, isBrief ? before.first : before.first + 1) + mark;
}

/**
 * Encodes a log record: how the new state of a session differs from the state before.
 *
 * @param life a new time to live, if the key gets one together with the record
 */
export function encodeRecord(
  before: SessionLog,
  { rev, value, mark }: NextState,
  life?: Life,
): string {
  // Encodes two differences: one before the JSON, where each write has its own mark, and one in the
  // JSON. A single difference would include the unchanged text between the two.
  const [cut, end] = [before.value.indexOf(" ") + 1, value.indexOf(" ") + 1];
  const [at, drop, head] = difference(before.value.slice(0, cut), value.slice(0, end));
  const [from, dropped, rest] = difference(before.value.slice(cut), value.slice(end));
  const times = life === undefined ? ["", ""] : [base36(life.life), base36(life.until)];
  const numbers = [at, drop, head.length, cut + from, dropped, rest.length].map(base36);
  const fields = [base36(rev), ...times, ...numbers].join(".");
  return padded(`+${before.mark}${fields}:${head}${rest}`, 0) + mark;
}

/** Returns a log as it is after a record was appended. */
export function appended(
  before: SessionLog,
  { rev, value, mark }: NextState,
  record: string,
  life?: Life,
): SessionLog {
  const bytes = before.bytes + Buffer.byteLength(record);
  return { ...before, ...life, rev, value, mark, marks: [mark], tail: mark, bytes };
}

/**
 * Appends spaces to a text. Together with the mark that follows, the text's length in bytes then
 * equals `length` modulo {@link TURNS}.
 */
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

/**
 * Decodes a session's value in Redis. Each record of a change names the write that made the state
 * before it. A record that names another write is skipped, because some other write came between.
 */
export function replay(text: string | undefined): SessionLog {
  if (text === undefined) return ABSENT;
  const bytes = Buffer.byteLength(text);
  FIRST.lastIndex = 0;
  const first = FIRST.exec(text);
  // Records without a whole state before them: the key was deleted just before they were appended.
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
  // The rest of the text cannot be read, so no record can be appended to it.
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
