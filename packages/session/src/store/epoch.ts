import { randomInt } from "node:crypto";
import type { StoredValue } from "./store.ts";

/**
 * Counts how often all sessions of a user were revoked. A session carries the count from the time
 * when it began. If the store has a higher count now, the session was revoked.
 *
 * Counts belong to series, which begin at random numbers. If the store loses a count, the next
 * revocation begins another series. It also revokes the sessions of the old series, even those with
 * a higher count.
 */
export interface UserEpoch {
  /** 0 if no revocation is known. */
  readonly count: number;
  /** The session that the last revocation kept, or "". */
  readonly keep: string;
  /**
   * When the last revocation was, in seconds since 1970. Only cookies of other frameworks are
   * compared with it, because they carry no count.
   */
  readonly at: number;
}

export const NO_EPOCH: UserEpoch = { count: 0, keep: "", at: 0 };

/** How many counts a series has. Two series begin at the same number with a chance of 1 in 2^32. */
const SERIES = 65_536;

export function readEpoch(stored: StoredValue | undefined): UserEpoch {
  if (stored === undefined) return NO_EPOCH;
  const [at = "", keep = ""] = stored.value.split(" ");
  return { count: stored.rev, keep, at: Number(at) || 0 };
}

export const writeEpoch = ({ at, keep }: UserEpoch) => `${at} ${keep}`;

/** Returns the count that follows after a revocation. */
export function nextCount(count: number): number {
  const isLast = count % SERIES === SERIES - 1;
  return count === 0 || isLast ? randomInt(1, 2 ** 32) * SERIES : count + 1;
}

/** True if a session that carries the count `carried` was revoked. */
export function isOver({ count, keep }: UserEpoch, sid: string, carried: number): boolean {
  if (count === 0 || keep === sid) return false;
  return carried < count || Math.floor(carried / SERIES) !== Math.floor(count / SERIES);
}

/** Returns the count of revocations in a session's metadata. */
export function carried({ epoch }: { readonly epoch?: unknown }): number {
  return typeof epoch === "number" ? epoch : 0;
}
