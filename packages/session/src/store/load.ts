import { serializeBody } from "../session/body.ts";
import { parseBody } from "../session/json.ts";
import { settleSession } from "../session/load.ts";
import {
  ENDED,
  isStoredBody,
  type LoadedSnapshot,
  type Revision,
  type VerifiedCookie,
} from "../session/records.ts";
import type { Shared } from "../session/shared.ts";
import { rejectCookie } from "../session/snapshot.ts";
import { isVerified } from "../session/verified.ts";
import { carried, isOver, type UserEpoch } from "./epoch.ts";
import type { QuestionAnswer } from "./questions.ts";
import type { StoreAccess } from "./store-access.ts";

type Found = VerifiedCookie | LoadedSnapshot;
type Stored = Revision | typeof ENDED | undefined;

/**
 * Returns a function that reads a session without waiting; `undefined` if the store must be asked
 * first.
 */
export function readyNow(
  shared: Shared,
  store: StoreAccess,
  found: Found,
  now: number,
): (() => LoadedSnapshot) | undefined {
  if (!isVerified(found) && found.isNew) return () => found;
  if (store.isLocal) return () => readLocal(shared, store, found, now);
  const { questions } = store;
  const user = userKeyIn(store, found);
  const epoch = user === undefined ? undefined : questions.users.get(user)?.value;
  if (user !== undefined && epoch === undefined) return undefined;
  if (!isVerified(found)) return () => judge(shared, store, found, user, epoch, now);
  const { opened } = found;
  const known = questions.sessions.get(opened.sid);
  if (known === undefined) return undefined;
  const { value } = known;
  // The remembered answer is older than the cookie, because another process wrote the cookie's
  // revision. A read must not be older than its cookie, so the store is asked again.
  const isBehind = value !== ENDED && (value?.rev ?? 0) < opened.rev;
  if (isBehind && (value !== undefined || isStoredBody(opened.json))) return undefined;
  const loaded = settle(shared, store, found, now, value);
  if (loaded.isNew) return () => loaded;
  const isOther = store.userKeyOf(loaded.data) !== user;
  if (isOther || mustAskAgain(epoch, loaded)) return undefined;
  return () => judge(shared, store, loaded, user, epoch, now);
}

function readLocal(shared: Shared, store: StoreAccess, found: Found, now: number): LoadedSnapshot {
  const isOurs = isVerified(found);
  const loaded = isOurs
    ? settle(shared, store, found, now, store.lookAt(found.opened.sid, now))
    : found;
  if (loaded.isNew) return loaded;
  const user = store.userKeyOf(loaded.data);
  const epoch = user === undefined ? undefined : store.epochOf(user, now);
  return judge(shared, store, loaded, user, epoch, now);
}

/**
 * Reads a session and its user's revocations from the store, usually in one round trip.
 *
 * @throws SessionError `ERR_SESSION_STORE` if the store fails, unless the options allow requests
 *   without the store
 */
export async function loadStored(
  shared: Shared,
  store: StoreAccess,
  found: Found,
  now: number,
): Promise<LoadedSnapshot> {
  const { questions } = store;
  const isOurs = isVerified(found);
  const isOptional = store.isOptional && !(isOurs && isStoredBody(found.opened.json));
  const ask = async (question: Parameters<typeof questions.ask>[0]): Promise<QuestionAnswer> => {
    try {
      return await questions.ask(question);
    } catch (error) {
      store.report(error);
      if (!isOptional) throw error;
      return {};
    }
  };
  const hint = userKeyIn(store, found);
  const told = await ask({ sid: isOurs ? found.opened.sid : undefined, user: hint });
  const loaded = isOurs ? settle(shared, store, found, now, told.session?.value) : found;
  if (loaded.isNew) return loaded;
  const user = store.userKeyOf(loaded.data);
  if (user === undefined) return loaded;
  let epoch = user === hint ? told.user?.value : undefined;
  // The stored data may name another user than the cookie, or the shared question was sent before
  // this session began.
  if (epoch === undefined || mustAskAgain(epoch, loaded)) {
    epoch = (await ask({ user })).user?.value ?? epoch;
  }
  return judge(shared, store, loaded, user, epoch, now);
}

/**
 * True if a session may have begun after the store was asked about its user. The store must then be
 * asked again.
 */
function mustAskAgain(epoch: UserEpoch | undefined, { sid, meta }: LoadedSnapshot): boolean {
  return epoch !== undefined && carried(meta) > epoch.count && isOver(epoch, sid, carried(meta));
}

/** Returns the store key of the user to whom the cookie belongs; `undefined` without a user. */
function userKeyIn(store: StoreAccess, found: Found): string | undefined {
  if (!store.knowsUsers) return undefined;
  if (!isVerified(found)) return store.userKeyOf(found.data);
  const { json, flat } = found.opened;
  if (flat !== undefined) return store.userKeyOf(flat);
  const body = parseBody(json);
  if (body === undefined) return undefined;
  const { stored } = body.meta;
  return isStoredBody(json)
    ? typeof stored === "string"
      ? stored
      : undefined
    : store.userKeyOf(body.data);
}

function settle(
  shared: Shared,
  { questions }: StoreAccess,
  verified: VerifiedCookie,
  now: number,
  stored: Stored,
): LoadedSnapshot {
  const { opened, present } = verified;
  const { sid } = opened;
  const isEnded = stored === ENDED || questions.pending.isEnded(sid);
  // The store lost the data: it was full, was emptied, or failed to write. This process may
  // remember older data, but a read must never be older than its cookie.
  const isLost = isStoredBody(opened.json) && (stored === undefined || isOlder(stored, opened.rev));
  if (isEnded || isLost) return rejectCookie(shared, "revoked", now, present, sid);
  return settleSession(shared, verified, now, stored);
}

function isOlder(stored: Exclude<Stored, undefined>, rev: number): boolean {
  return stored !== ENDED && stored.rev < rev;
}

/**
 * Returns the session, or rejects its cookie if the user's sessions were revoked after this one
 * began.
 */
function judge(
  shared: Shared,
  store: StoreAccess,
  loaded: LoadedSnapshot,
  user: string | undefined,
  epoch: UserEpoch | undefined,
  now: number,
): LoadedSnapshot {
  const { sid, meta, born, cookies, isForeign } = loaded;
  if (user === undefined) return loaded;
  // A cookie of another framework carries no count, so its age is compared with the time of the
  // revocation.
  const isRevoked =
    epoch !== undefined &&
    (isForeign === true ? born <= epoch.at : isOver(epoch, sid, carried(meta)));
  if (!isRevoked && !store.questions.pending.isUserEnded(user, sid)) return loaded;
  return rejectCookie(shared, "revoked", now, cookies, sid);
}

/** Returns a session's JSON with another count of revocations in the metadata. */
export function withEpoch(json: string, count: number): string {
  const body = parseBody(json);
  if (body === undefined || carried(body.meta) === count) return json;
  const { epoch: _, ...others } = body.meta;
  const meta = count === 0 ? others : { ...others, epoch: count };
  return serializeBody(body.data, meta);
}
