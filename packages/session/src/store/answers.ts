import type { Revision } from "../session/records.ts";
import type { ENDED } from "../session/records.ts";
import type { UserEpoch } from "./epoch.ts";

/** The store's answer about a session or user, and when the question was sent. */
export interface Answer<Value> {
  /** Milliseconds of the process clock, read before the question was sent. */
  readonly at: number;
  readonly value: Value;
}

export type SessionAnswer = Answer<Revision | typeof ENDED | undefined>;
export type UserAnswer = Answer<UserEpoch>;

/** How many milliseconds after its question an answer may be used. */
export const FRESH_MS = 1000;
const MOST = 5000;

/**
 * The store's answers of the last second. Two generations bound the memory without a timer: a
 * generation ends after a second or 5,000 answers, and the one before it is then dropped.
 */
export class Answers<Value> {
  #young = new Map<string, Answer<Value>>();
  #old = new Map<string, Answer<Value>>();
  #turnedAt = 0;

  get(key: string): Answer<Value> | undefined {
    const answer = this.#young.get(key) ?? this.#old.get(key);
    return answer !== undefined && performance.now() - answer.at < FRESH_MS ? answer : undefined;
  }

  /** Adds an answer, unless there is already an answer to a later question. */
  set(key: string, answer: Answer<Value>): void {
    const known = this.#young.get(key) ?? this.#old.get(key);
    if (known !== undefined && known.at > answer.at) return;
    const isOver = answer.at - this.#turnedAt > FRESH_MS || this.#young.size >= MOST;
    if (isOver) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#turnedAt = answer.at;
    }
    this.#young.set(key, answer);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
