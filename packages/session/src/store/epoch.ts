import { randomInt } from "node:crypto";
import type { StoredValue } from "./store.ts";

/**
 * How often all sessions of a user were revoked, as a count in the store. Each session carries the
 * count from the time when it began. If the count in the store is higher now, the session was
 * revoked.
 *
 * The first revocation sets the count to a random multiple of 65,536, and so does the first one
 * after the store lost the count. A session whose count began at another multiple is revoked too,
 * even if its count is higher.
 */
export interface UserEpoch {
  /** The count of revocations; 0 if no revocation of the user's sessions is known. */
  readonly count: number;
  /** The id of the session that the last revocation did not end, or "". */
  readonly keep: string;
  /**
   * When the last revocation was, in seconds since 1970. Only cookies of other frameworks are
   * compared with this time, because they carry no count of revocations.
   */
  readonly at: number;
}

export const NO_EPOCH: UserEpoch = { count: 0, keep: "", at: 0 };

/**
 * A user's count of revocations begins at a random multiple of this number. Two counts begin at the
 * same multiple with a chance of 1 in 2^32.
 */
const SERIES = 65_536;

export function readEpoch(stored: StoredValue | undefined): UserEpoch {
  if (stored === undefined) return NO_EPOCH;
  const [at = "", keep = ""] = stored.value.split(" ");
  return { count: stored.rev, keep, at: Number(at) || 0 };
}

export const writeEpoch = ({ at, keep }: UserEpoch) => `${at} ${keep}`;

/**
 * Returns a user's next count of revocations: one more, or a new random start if there is no count
 * or its multiple of 65,536 is used up.
 */
export function nextCount(count: number): number {
  const isLast = count % SERIES === SERIES - 1;
  return count === 0 || isLast ? randomInt(1, 2 ** 32) * SERIES : count + 1;
}

/**
 * True if a session was revoked together with the other sessions of its user.
 *
 * @param carried the count of revocations that the session carries
 */
export function isOver({ count, keep }: UserEpoch, sid: string, carried: number): boolean {
  if (count === 0 || keep === sid) return false;
  return carried < count || Math.floor(carried / SERIES) !== Math.floor(count / SERIES);
}

/** Returns the count of revocations that a session carries in its metadata, or 0. */
export function carried({ epoch }: { readonly epoch?: unknown }): number {
  return typeof epoch === "number" ? epoch : 0;
}
