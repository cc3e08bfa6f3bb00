import { SessionError } from "../errors.ts";
import { storeRequired } from "../session/connect.ts";
import { contextOf, type SessionContext } from "../session/context.ts";
import { throwEnded } from "../session/late-writes.ts";
import type { ListedSession } from "../session/ports.ts";
import { ENDED, type User } from "../session/records.ts";
import { NEVER } from "../token/header.ts";
import { handleOfEntry } from "./sign-in-entry.ts";
import type { SignIns } from "./sign-ins.ts";
import type { StoreAccess } from "./store-access.ts";

/** Lists the sessions of a user. The user is given by id or by a session. */
export async function listSessions(
  store: StoreAccess,
  signIns: SignIns,
  who: User | object,
): Promise<ListedSession[]> {
  if (!store.knowsUsers) throw storeRequired();
  const context = typeof who === "object" ? contextOf(who) : undefined;
  const user = context === undefined ? (who as User) : store.userOf(context.state.data);
  if (user === undefined) return [];
  const current = context?.state.sid;
  const entries = await signIns.ofUser(user);
  return entries.map((entry) => ({
    handle: handleOfEntry(entry),
    createdAt: dateOf(entry.born),
    usedAt: dateOf(entry.iat),
    endsAt: entry.exp === NEVER ? null : dateOf(entry.exp),
    label: entry.label,
    current: entry.sid === current,
    deviceBound: entry.bound === true,
  }));
}

const dateOf = (seconds: number) => new Date(seconds * 1000);

/**
 * Ends the session with this handle, which is its public name from `sessions.list`.
 *
 * @param by the session whose request calls this, if any
 * @returns true if it ended a session
 * @throws SessionError `ERR_SESSION_ENDED` if the session in `by` has itself ended
 */
export async function endByHandle(
  store: StoreAccess,
  signIns: SignIns,
  handle: string,
  by: object | undefined,
): Promise<boolean> {
  if (!store.knowsUsers) throw storeRequired();
  if (typeof handle !== "string") return false;
  if (by === undefined) return signIns.end(handle);
  const context: SessionContext<never> = contextOf(by);
  const { state } = context;
  const [stored] = await store.check([state]);
  if (context.lateWrite === throwEnded || stored === ENDED) {
    throw new SessionError(
      "ERR_SESSION_ENDED",
      "The session in `by` has ended, so it cannot end another session. Let the user log in again.",
    );
  }
  return signIns.end(handle, state);
}
