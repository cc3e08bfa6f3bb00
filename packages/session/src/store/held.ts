import { parseBody } from "../session/json.ts";
import { ENDED, type HeldSession, type Revision } from "../session/records.ts";
import { carried, isOver, NO_EPOCH, readEpoch, type UserEpoch } from "./epoch.ts";
import { endKey, sessionKey } from "./keys.ts";
import { readPair } from "./questions.ts";
import type { StoreAccess } from "./store-access.ts";

type Stored = Revision | typeof ENDED | undefined;

/** True if this process knows, without asking the store, that a session has ended. */
export function knowsEnd(store: StoreAccess, { sid, next, data, meta }: HeldSession): boolean {
  const { pending, sessions } = store.questions;
  const known = store.isLocal ? store.lookAt(sid) : sessions.get(sid)?.value;
  if (known === ENDED || pending.isEnded(sid)) return true;
  const user = store.userKeyOf(data);
  if (user === undefined) return false;
  if (pending.isUserEnded(user, next ?? sid)) return true;
  const epoch = store.epochOf(user);
  const isKept = epoch !== undefined && epoch.keep === next;
  return epoch !== undefined && !isKept && isOver(epoch, sid, carried(meta));
}

/**
 * Reads the sessions of open sockets, and the revocations of their users, from the store in one
 * round trip.
 *
 * @throws SessionError `ERR_SESSION_STORE` if the store fails
 */
export async function checkHeld(
  store: StoreAccess,
  list: readonly HeldSession[],
): Promise<Stored[]> {
  const { questions } = store;
  const users = list.map(({ data }) => store.userKeyOf(data));
  const named = [...new Set(users.filter((key) => key !== undefined))];
  const keys = [...list.flatMap(({ sid }) => [sessionKey(sid), endKey(sid)]), ...named];
  const at = performance.now();
  const values = await questions.read(keys);
  const epochs = new Map(named.map((key, i) => [key, readEpoch(values[list.length * 2 + i])]));
  return list.map((session, i) => {
    const user = users[i];
    const epoch = (user !== undefined && epochs.get(user)) || NO_EPOCH;
    const stored = readPair(values[i * 2], values[i * 2 + 1]);
    const isLost = stored === undefined && store.keepsData;
    const outcome = isLost || isRevoked(store, session, stored, user, epoch) ? ENDED : stored;
    if (outcome !== undefined) questions.wrote(session.sid, outcome, at);
    return outcome;
  });
}

/** True if a session has ended, according to the store's answers about the session and its user. */
export function isRevoked(
  { questions: { pending } }: StoreAccess,
  { sid, meta }: Pick<HeldSession, "sid" | "meta">,
  stored: Stored,
  user: string | undefined,
  epoch: UserEpoch,
): boolean {
  if (stored === ENDED || pending.isEnded(sid)) return true;
  if (user === undefined || (epoch.count === 0 && pending.isEmpty)) return false;
  const newest = stored === undefined ? meta : (parseBody(stored.json)?.meta ?? meta);
  return pending.isUserEnded(user, sid) || isOver(epoch, sid, carried(newest));
}
