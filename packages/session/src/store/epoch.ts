import { randomInt } from "node:crypto";
import type { StoredValue } from "./store.ts";

/**
 * How often all sessions of a user were revoked. A session carries the count from the time when it
 * began. If the store has another series or a higher count, the session was revoked. A series
 * begins at a random number, so that a store which lost its count does not accept older sessions
 * again.
 */
export interface UserEpoch {
  /** 0 if no revocation is known. */
  readonly count: number;
  /** The session that the last revocation kept, or "". */
  readonly keep: string;
  /**
   * The time of the last revocation in seconds. It is for cookies of other frameworks, which carry
   * no count.
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

/** True if a session with this count was revoked. */
export function isOver({ count, keep }: UserEpoch, sid: string, carried: number): boolean {
  if (count === 0 || keep === sid) return false;
  return carried < count || Math.floor(carried / SERIES) !== Math.floor(count / SERIES);
}

/** Returns the count of revocations in a session's metadata. */
export function carried({ epoch }: { readonly epoch?: unknown }): number {
  return typeof epoch === "number" ? epoch : 0;
}
