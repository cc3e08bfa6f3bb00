import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import { storeRequired } from "../session/connect.ts";
import { lastExpiryOfAny } from "../session/end.ts";
import type { HeldSession, User } from "../session/records.ts";
import type { Shared } from "../session/shared.ts";
import { carried, isOver, nextCount, readEpoch, writeEpoch } from "./epoch.ts";
import { endKey, userKey } from "./keys.ts";
import type { SignIns } from "./sign-ins.ts";
import type { StoreAccess } from "./store-access.ts";
import { assertUser } from "./user.ts";

const ATTEMPTS = 100;

/**
 * Ends all sessions of a user and closes their sockets.
 *
 * @param keep the id of a session that does not end, or "" to end all
 * @param asks the session whose request calls this, if any
 * @throws SessionError `ERR_SESSION_STORE` if the store fails; in this process the sessions have
 *   then ended nevertheless; `ERR_SESSION_ENDED` if the session in `asks` was already revoked
 */
export async function endUser(
  { settings, live }: Shared,
  store: StoreAccess,
  signIns: SignIns,
  user: User,
  keep: string,
  asks: HeldSession | undefined,
): Promise<void> {
  if (!store.knowsUsers) throw storeRequired();
  assertUser(user);
  const { questions } = store;
  const now = nowSeconds();
  const until = lastExpiryOfAny(settings.lifetimes, now);
  const key = userKey(user);
  // Read before the revocation: the list leaves out revoked sessions.
  const ended = await signIns.ofUser(user).catch(() => []);
  try {
    await countUp(store, key, keep, asks, until - now);
  } catch (error) {
    if (error instanceof SessionError && error.code === "ERR_SESSION_ENDED") throw error;
    questions.pending.addUser(key, keep, until, () => questions.flush());
    live?.userEnded(key);
    store.report(error);
    throw error;
  }
  live?.userEnded(key);
  await signIns.revoked(key, ended, keep);
}

/**
 * Raises the user's count of revocations in the store. Sessions that carry a lower count are then
 * revoked.
 */
async function countUp(
  { questions }: StoreAccess,
  key: string,
  keep: string,
  asks: HeldSession | undefined,
  seconds: number,
): Promise<void> {
  const keys = asks === undefined ? [key] : [key, endKey(asks.sid)];
  const [stored, end] = await questions.read(keys);
  let epoch = readEpoch(stored);
  for (let i = 0; i < ATTEMPTS; i += 1) {
    // A revoked session must not revoke the others or keep itself.
    const isRevoked = asks && (end || isOver(epoch, asks.sid, carried(asks.meta)));
    if (isRevoked) throw new SessionError("ERR_SESSION_ENDED", "This session was revoked.");
    const at = performance.now();
    const next = { count: nextCount(epoch.count), keep, at: nowSeconds() };
    const write = { key, base: epoch.count, rev: next.count, value: writeEpoch(next), seconds };
    const newer = await questions.write(write);
    if (newer === undefined) {
      questions.wroteUser(key, next, at);
      return;
    }
    epoch = readEpoch(newer);
  }
  throw new SessionError(
    "ERR_SESSION_STORE",
    "Other processes revoked sessions of this user at the same time. Try again.",
    { status: 503 },
  );
}
