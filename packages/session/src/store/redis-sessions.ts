import { nowSeconds } from "../session/clock.ts";
import { Answers, type Answer } from "./answers.ts";
import {
  appended,
  encodeFirst,
  encodeRecord,
  LEAST_SECONDS,
  MARK,
  newMark,
  replay,
  type Life,
  type NextState,
  type SessionLog,
} from "./redis-log.ts";
import type { RedisCommand } from "./redis-client.ts";
import { REPLACE_LOG, type RedisScript } from "./redis-scripts.ts";
import type { StoredValue } from "./store.ts";

/** The part of the Redis store that {@link RedisSessions} uses. */
export interface SessionCommands {
  /**
   * False if a replica may answer reads. Its answer may be outdated, so no records are appended
   * then.
   */
  readonly readsMaster: boolean;
  send(command: RedisCommand): Promise<unknown>;
  run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>;
}

/** A write of a session's key. */
export interface SessionWrite extends StoredValue {
  readonly base: number;
  readonly seconds: number;
}

type Known = Answer<SessionLog>;

/** A base above every revision. */
const ALWAYS = Number.MAX_SAFE_INTEGER;
/** A longer value is always written whole, because comparing it takes longer than sending it. */
const MOST_COMPARED = 16_384;
/**
 * A log may have twice the bytes of its first record, and this many more. Above that, the value is
 * written whole again: at the first APPEND, Redis reserves twice the length, and for a longer log it
 * would reserve more.
 */
const MORE = 64;
/**
 * A key is written whole at most once in this many milliseconds. Each whole value has a length with
 * another remainder, and the {@link TURNS} remainders then repeat after three seconds at the
 * earliest.
 */
const YOUNG_MS = 200;
/**
 * How many milliseconds after reading a log an answer to APPEND is trusted. A later answer may have
 * the expected length although the log was replaced, because the remainders repeat.
 */
const TRUSTED_MS = 2000;
/** Seconds by which the clocks of two processes may differ. */
const CLOCK_SKEW = 120;
/** Each failed attempt means that another write came between. */
const ATTEMPTS = 100;

/**
 * Reads and writes the keys of sessions. A write appends a record of what changed, with `APPEND`,
 * which returns the new length. If that is the known length plus the length of the record, no other
 * write came between.
 */
export class RedisSessions {
  readonly #commands: SessionCommands;
  readonly #logs = new Answers<SessionLog>();
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(commands: SessionCommands) {
    this.#commands = commands;
  }

  /**
   * Decodes the text of a key.
   *
   * @param at when the question was sent, by the clock of this process
   */
  read(name: string, text: string | undefined, at: number): StoredValue | undefined {
    return storedOf(this.#learn(name, text, at).value);
  }

  /** Writes a session. Writes of this process to one key run one after the other. */
  replace(name: string, write: SessionWrite): Promise<StoredValue | undefined> {
    const before = this.#writing.get(name);
    const run = () => this.#replace(name, write);
    const answer = before === undefined ? run() : before.then(run, run);
    this.#writing.set(name, answer);
    const end = () => {
      if (this.#writing.get(name) === answer) this.#writing.delete(name);
    };
    answer.then(end, end);
    return answer;
  }

  async #replace(name: string, write: SessionWrite): Promise<StoredValue | undefined> {
    let known = this.#logs.get(name);
    const isFirst = write.base === 0 && known === undefined;
    if ((isFirst || write.base === ALWAYS) && (await this.#set(name, write))) return undefined;
    for (let i = 0; i < ATTEMPTS; i += 1) {
      known ??= await this.#ask(name);
      const log = known.value;
      // Also true for a value that Galleta did not write: its revision is NaN.
      if (!(log.rev <= write.base)) return storedOf(log);
      const next = { rev: write.rev, value: write.value, mark: newMark() };
      const record = this.#recordFor(log, next, write.seconds);
      known =
        record === undefined
          ? await this.#rewrite(name, log, next, write.seconds)
          : await this.#append(name, known, next, record);
      if (known.value.marks.includes(next.mark)) return undefined;
    }
    throw new Error("Other processes wrote this session at the same time. Try again.");
  }

  /**
   * Writes a key without reading it first. If `base` is 0, only writes a key without a value.
   *
   * @returns true if it wrote
   */
  async #set(name: string, { base, rev, value, seconds }: SessionWrite): Promise<boolean> {
    const life = lifeFor(seconds);
    const text = encodeFirst({ rev, value, mark: newMark() }, life);
    const args = ["SET", name, text, "EX", `${life.life}`, ...(base === 0 ? ["NX"] : [])];
    const at = performance.now();
    if ((await this.#commands.send({ key: name, args })) === null) return false;
    this.#learn(name, text, at);
    return true;
  }

  /** Returns the record to append; `undefined` if the value must be written whole. */
  #recordFor(log: SessionLog, next: NextState, seconds: number): string | undefined {
    const isLong = next.value.length > MOST_COMPARED || log.bytes > log.first * 2 + MORE;
    // If the key expired meanwhile, APPEND would make a new one that never expires.
    const isEnding = seconds < LEAST_SECONDS || endsBefore(log, seconds);
    if (isLong || isEnding || log.tail === "" || !this.#commands.readsMaster) return undefined;
    const record = encodeRecord(log, next);
    const isOver = log.bytes + Buffer.byteLength(record) > log.first * 2 + MORE;
    return isOver ? undefined : record;
  }

  async #append(
    name: string,
    { at: knownAt, value: log }: Known,
    next: NextState,
    record: string,
  ): Promise<Known> {
    const at = performance.now();
    const length = await this.#commands.send({ key: name, args: ["APPEND", name, record] });
    const isBehind = Number(length) === log.bytes + Buffer.byteLength(record);
    if (!isBehind || performance.now() - knownAt > TRUSTED_MS) return this.#ask(name);
    return this.#remember(name, appended(log, next, record), at);
  }

  /** Writes a value whole if the key still has the known log; see {@link REPLACE_LOG}. */
  async #rewrite(name: string, log: SessionLog, next: NextState, seconds: number): Promise<Known> {
    const life = lifeFor(seconds);
    const whole = encodeFirst(next, life, log);
    const isLog = log.tail !== "";
    // A record must not shorten the time to live below LEAST_SECONDS.
    const isEnding = endsBefore(log, seconds);
    const longer = isEnding ? lifeFor(Math.max(seconds, LEAST_SECONDS)) : undefined;
    const record = isLog ? encodeRecord(log, next, longer) : "";
    const old = isLog && log.life >= LEAST_SECONDS ? log.life * 1000 - YOUNG_MS : Infinity;
    const args = [
      `${log.bytes}`,
      isLog ? `-${MARK}` : `${log.bytes}`,
      log.tail,
      old === Infinity ? "inf" : `${old}`,
      record,
      longer === undefined ? "" : `${longer.life}`,
      `${life.life}`,
      whole,
    ];
    const at = performance.now();
    const answer = await this.#commands.run(REPLACE_LOG, [name], args);
    if (answer === 1) return this.#remember(name, replay(whole), at);
    if (answer === 2) return this.#remember(name, appended(log, next, record, longer), at);
    return this.#learn(name, textOf(answer), at);
  }

  async #ask(name: string): Promise<Known> {
    const at = performance.now();
    const answer = await this.#commands.send({ key: name, isReadOnly: true, args: ["GET", name] });
    return this.#learn(name, textOf(answer), at);
  }

  #learn(name: string, text: string | undefined, at: number): Known {
    const log = replay(text);
    if (text !== undefined) return this.#remember(name, log, at);
    this.#logs.delete(name);
    return { at, value: log };
  }

  #remember(name: string, value: SessionLog, at: number): Known {
    this.#logs.set(name, { at, value });
    return { at, value };
  }
}

function storedOf({ rev, value }: SessionLog): StoredValue | undefined {
  return rev === 0 ? undefined : { rev, value };
}

/**
 * Returns the time to live for a key. It is a tenth longer, so that later writes need not prolong
 * it.
 */
function lifeFor(seconds: number): Life {
  const more = seconds < LEAST_SECONDS ? 0 : Math.ceil(seconds / 10) + CLOCK_SKEW;
  return { life: seconds + more, until: nowSeconds() + seconds + more };
}

/**
 * True if a key may expire in less than the given seconds. The clock of the process that set the
 * expiry may differ from this one.
 */
function endsBefore({ until }: SessionLog, seconds: number): boolean {
  return nowSeconds() + seconds + CLOCK_SKEW > until;
}

/** Returns the text of an answer to GET or MGET. */
export function textOf(answer: unknown): string | undefined {
  return answer === null || answer === undefined ? undefined : String(answer);
}
