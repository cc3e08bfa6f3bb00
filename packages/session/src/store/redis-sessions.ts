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
   * False if a replica may answer reads. A replica may be outdated, so each change then writes the
   * complete session and never appends a record.
   */
  readonly readsMaster: boolean;
  send(command: RedisCommand): Promise<unknown>;
  run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>;
}

/** A new value to write under a session's key. */
export interface SessionWrite extends StoredValue {
  readonly base: number;
  readonly seconds: number;
}

type Known = Answer<SessionLog>;

/**
 * A value for `base`, the highest revision that a write may replace. No revision is higher, so the
 * write replaces any value.
 */
const ALWAYS = Number.MAX_SAFE_INTEGER;
/**
 * A session with more characters is always written completely: comparing it with its previous state
 * takes longer than sending it.
 */
const MOST_COMPARED = 16_384;
/**
 * A session's value in Redis is a log. It may grow to twice the bytes of the complete state at its
 * start, and this many bytes more; then a new complete state replaces it. At the first APPEND,
 * Redis reserves twice the length, and for a longer log it would reserve more.
 */
const MORE = 64;
/**
 * A session's value in Redis is replaced as a whole at most once in this many milliseconds. Each
 * replacement has a length with another remainder modulo {@link TURNS}, so a remainder comes back
 * after three seconds at the earliest.
 */
const YOUNG_MS = 200;
/**
 * For this many milliseconds after a value was read, the length that APPEND returns shows whether
 * another process replaced the value. Later, a replacement may have the expected length by chance,
 * because the remainders modulo {@link TURNS} repeat.
 */
const TRUSTED_MS = 2000;
/** Seconds by which the clocks of two processes may differ. */
const CLOCK_SKEW = 120;
/**
 * The most attempts to write a session. An attempt fails only if another process wrote the same
 * session meanwhile.
 */
const ATTEMPTS = 100;

/**
 * Reads and writes sessions in Redis. A change is appended to the session's value with `APPEND`,
 * which returns the new length. If this is the old length plus the length of the change, no other
 * process wrote in between.
 */
export class RedisSessions {
  readonly #commands: SessionCommands;
  readonly #logs = new Answers<SessionLog>();
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(commands: SessionCommands) {
    this.#commands = commands;
  }

  /**
   * Decodes the value of a session's key in Redis, and remembers it.
   *
   * @param at when Redis was asked, from `performance.now()`
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
   * Writes a complete session without reading its key first. If `base` is 0, writes only if the key
   * has no value.
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

  /**
   * Returns the record of a change to append; `undefined` if the complete session must be written.
   */
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

  /**
   * Writes the complete session with {@link REPLACE_LOG}, unless another process has changed the
   * session's key.
   */
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
 * Returns the time to live for a Redis key. It is a tenth longer than the session needs, so that
 * later writes need not prolong it. Times below a minute are not made longer.
 */
function lifeFor(seconds: number): Life {
  const more = seconds < LEAST_SECONDS ? 0 : Math.ceil(seconds / 10) + CLOCK_SKEW;
  return { life: seconds + more, until: nowSeconds() + seconds + more };
}

/**
 * True if a Redis key may expire within the given seconds. Allows for a process whose clock differs
 * from the clock of the process that set the expiry.
 */
function endsBefore({ until }: SessionLog, seconds: number): boolean {
  return nowSeconds() + seconds + CLOCK_SKEW > until;
}

/** Returns the text of an answer to GET or MGET. */
export function textOf(answer: unknown): string | undefined {
  return answer === null || answer === undefined ? undefined : String(answer);
}
