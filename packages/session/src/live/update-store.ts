import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { ENDED, type StoredSession, type Vault } from "../session/vault.ts";
import { draftChange } from "./draft.ts";
import { LiveHub } from "./hub.ts";
import { currentOf, isNobodys, refresh } from "./context.ts";

/** Every failed attempt is one on which another change succeeded. */
const ATTEMPTS = 100;

/** Changes a session in the store. Its cookie follows with the next response. */
export async function updateInStore(
  context: SessionContext<never>,
  vault: Vault,
  change: (draft: object) => void,
): Promise<void> {
  const { hub, ledger } = context.shared;
  const before = currentOf(context);
  const user = vault.userOf(context.state.data);
  if (!vault.isCurrent()) await vault.refresh();
  if (user !== undefined && !vault.isCurrent()) await vault.learnUser(user);
  if (isNobodys(context)) context.assertOpen();
  if (vault.isEnded(before.sid, before.born, user)) throw ended();
  const known = ledger.peek(before.sid);
  let newest: StoredSession = known !== undefined && known.rev > before.rev ? known : before;
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const changed = draftChange(context, newest, change);
    if (changed === undefined) return;
    // The cookie stays what it is, so the session does not last longer by this.
    const { iat, exp } = before;
    const next = { ...changed, sid: before.sid, iat, exp };
    const newer = await vault.replace(next.sid, newest.rev, next, exp, "socket");
    if (newer === ENDED) throw ended();
    if (newer === undefined) {
      ledger.record(next.sid, next.rev, next.json, nowSeconds());
      refresh(context, next);
      if (hub instanceof LiveHub) hub.changed(next, context);
      return;
    }
    newest = newer;
  }
  throw new SessionError(
    "ERR_SESSION_STORE",
    "Others changed the session without a pause, so this change was not stored.",
    { status: 503 },
  );
}

function ended(): SessionError<"ERR_SESSION_ENDED"> {
  return new SessionError("ERR_SESSION_ENDED", "The session has ended and cannot be changed.");
}
