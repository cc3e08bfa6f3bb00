import { settleSession } from "../session/load.ts";
import { isVerified } from "../session/verified.ts";
import {
  ENDED,
  type LoadedSnapshot as Loaded,
  type Revision as StoredSession,
  STORED_BODY,
  type VerifiedCookie as Verified,
} from "../session/records.ts";
import { rejectCookie as refuse, unlessEnded } from "../session/snapshot.ts";
import type { Shared } from "../session/shared.ts";
import type { StoreVault } from "./vault.ts";

/** Whether the store has to be asked before a session can be read. */
export function mustAsk(shared: Shared, vault: StoreVault, found: Verified | Loaded): boolean {
  if (!isVerified(found)) return !found.isNew && !vault.isCurrent();
  return !vault.isCurrent() || mustFetch(shared, vault, found);
}

function mustFetch({ recent }: Shared, vault: StoreVault, { opened }: Verified): boolean {
  const known = recent.peek(opened.sid);
  if (known?.ended === true) return false;
  // A cookie that names a later revision than this process remembers was written by another one.
  if (opened.json === STORED_BODY && (known === undefined || known.rev < opened.rev)) return true;
  return vault.hasNewer(opened.sid, Math.max(opened.rev, known?.rev ?? 0));
}

/**
 * Reads a session of which the store may know more than its cookie.
 *
 * @throws SessionError `ERR_SESSION_STORE` when the store fails, unless requests go on without it
 */
export async function loadStored(
  shared: Shared,
  vault: StoreVault,
  found: Verified | Loaded,
  now: number,
): Promise<Loaded> {
  const needsData = isVerified(found) && found.opened.json === STORED_BODY;
  const isOptional = vault.isOptional && !needsData;
  const ask = async <Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> => {
    try {
      return await question();
    } catch (error) {
      vault.report(error);
      if (!isOptional) throw error;
      return undefined;
    }
  };
  if (!vault.isCurrent()) await ask(() => vault.refresh());
  const loaded = isVerified(found) ? await settle() : found;
  if (loaded.isNew || vault.isCurrent()) return loaded;
  const user = vault.userOf(loaded.data);
  if (user === undefined) return loaded;
  await ask(() => vault.learnUser(user));
  return unlessEnded(shared, loaded, now);

  async function settle(): Promise<Loaded> {
    const verified = found as Verified;
    const { opened, present } = verified;
    let stored: StoredSession | undefined;
    if (mustFetch(shared, vault, verified)) {
      const answer = await ask(() => vault.fetch(opened.sid));
      if (answer === ENDED) return refuse(shared, "revoked", now, present, opened.sid);
      stored = answer;
    }
    const known = Math.max(stored?.rev ?? -1, shared.recent.peek(opened.sid)?.rev ?? -1);
    // The store was full, or lost a write: older data than the cookie names is never read.
    const isLost = needsData && known < opened.rev;
    if (isLost) return refuse(shared, "revoked", now, present, opened.sid);
    return settleSession(shared, verified, now, stored);
  }
}
