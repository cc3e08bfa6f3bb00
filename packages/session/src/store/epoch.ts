import { randomInt } from "node:crypto";
import type { StoredValue } from "./store.ts";

/**
 * The revocations of a user, counted. A session carries the count of its beginning and is over when
 * the store counts further. The count begins at a random number, so that a store which lost it never
 * comes to a count that older sessions carry.
 */
export interface UserEpoch {
  /** 0 where no revocation is known. */
  readonly count: number;
  /** The session that the last revocation spared, or "". */
  readonly keep: string;
  /** The second of the last revocation, for cookies of other frameworks, which carry no count. */
  readonly at: number;
}

export const NO_EPOCH: UserEpoch = { count: 0, keep: "", at: 0 };

/** So many counts belong together. One in 2^32 series begins where another did. */
const SERIES = 65_536;

export function readEpoch(stored: StoredValue | undefined): UserEpoch {
  if (stored === undefined) return NO_EPOCH;
  const [at = "", keep = ""] = stored.value.split(" ");
  return { count: stored.rev, keep, at: Number(at) || 0 };
}

export const writeEpoch = ({ at, keep }: UserEpoch) => `${at} ${keep}`;

/** The count after another revocation. */
export function nextCount(count: number): number {
  const isLast = count % SERIES === SERIES - 1;
  return count === 0 || isLast ? randomInt(1, 2 ** 32) * SERIES : count + 1;
}

/** True if a session that carries a count is over. */
export function isOver({ count, keep }: UserEpoch, sid: string, carried: number): boolean {
  if (count === 0 || keep === sid) return false;
  return carried < count || Math.floor(carried / SERIES) !== Math.floor(count / SERIES);
}

/** The count of revocations that a session carries. */
export function carried({ epoch }: { readonly epoch?: unknown }): number {
  return typeof epoch === "number" ? epoch : 0;
}
