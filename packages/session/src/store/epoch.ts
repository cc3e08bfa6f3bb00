import { randomInt } from "node:crypto";
import type { StoredValue } from "./store.ts";

/**
 * The counted revocations of a user. A session carries the count of its beginning, and is over when
 * the store has a higher count. The count begins at a random number, so that a store which lost it
 * never reaches a count that older sessions carry.
 */
export interface UserEpoch {
  /** 0 if no revocation is known. */
  readonly count: number;
  /** The session that the last revocation spared, or "". */
  readonly keep: string;
  /**
   * The time of the last revocation in seconds, for cookies of other frameworks, which carry no
   * count.
   */
  readonly at: number;
}

export const NO_EPOCH: UserEpoch = { count: 0, keep: "", at: 0 };

/** The counts of one series. Two series begin at the same number once in 2^32. */
const SERIES = 65_536;

export function readEpoch(stored: StoredValue | undefined): UserEpoch {
  if (stored === undefined) return NO_EPOCH;
  const [at = "", keep = ""] = stored.value.split(" ");
  return { count: stored.rev, keep, at: Number(at) || 0 };
}

export const writeEpoch = ({ at, keep }: UserEpoch) => `${at} ${keep}`;

/** Returns the count after another revocation. */
export function nextCount(count: number): number {
  const isLast = count % SERIES === SERIES - 1;
  return count === 0 || isLast ? randomInt(1, 2 ** 32) * SERIES : count + 1;
}

/** True if a session that carries a count is over. */
export function isOver({ count, keep }: UserEpoch, sid: string, carried: number): boolean {
  if (count === 0 || keep === sid) return false;
  return carried < count || Math.floor(carried / SERIES) !== Math.floor(count / SERIES);
}

/** Returns the count of revocations that a session carries. */
export function carried({ epoch }: { readonly epoch?: unknown }): number {
  return typeof epoch === "number" ? epoch : 0;
}
