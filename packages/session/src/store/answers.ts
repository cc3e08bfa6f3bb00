import type { Revision } from "../session/records.ts";
import type { ENDED } from "../session/records.ts";
import type { UserEpoch } from "./epoch.ts";

/** The store's answer about a session or user, and when the question was sent. */
export interface Answer<Value> {
  /** The time just before the store was asked, from `performance.now()`. */
  readonly at: number;
  readonly value: Value;
}

export type SessionAnswer = Answer<Revision | typeof ENDED | undefined>;
export type UserAnswer = Answer<UserEpoch>;

/** An answer may be used for this many milliseconds after the store was asked. */
export const FRESH_MS = 1000;
const MOST = 5000;

/**
 * Remembers the store's answers of the last second, in two maps. When the newer map is a second old
 * or has 5,000 answers, the older map is dropped. So the memory is bounded without a timer.
 */
export class Answers<Value> {
  #young = new Map<string, Answer<Value>>();
  #old = new Map<string, Answer<Value>>();
  #turnedAt = 0;

  get(key: string): Answer<Value> | undefined {
    const answer = this.#young.get(key) ?? this.#old.get(key);
    return answer !== undefined && performance.now() - answer.at < FRESH_MS ? answer : undefined;
  }

  /** Adds the answer about a key, unless a later answer about the same key is known. */
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
