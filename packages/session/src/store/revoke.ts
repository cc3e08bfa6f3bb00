import { SessionError } from "../errors.ts";
import { storeRequired } from "../session/connect.ts";
import { contextOf } from "../session/context.ts";
import { parseBody } from "../session/json.ts";
import { throwEnded } from "../session/late-writes.ts";

/**
 * Ends all other sessions of this session's user in every process, and closes their sockets. Use it
 * for "log out my other devices", and after a change of password.
 *
 * @throws SessionError `ERR_SESSION_STORE_REQUIRED` without the options `store` and `subject`;
 *   `ERR_SESSION_STORE` if the store fails: the sessions are then revoked immediately in this
 *   process, and in the other processes when the store works again; `ERR_SESSION_NOT_A_SESSION` if
 *   the argument is not a session; `ERR_SESSION_ENDED` if no user is logged in, or if the session
 *   has ended
 * @example
 * ```ts
 * await setPassword(req.session.userId, password);
 * await revokeOthers(req.session);
 * ```
 */
export async function revokeOthers(session: object): Promise<void> {
  const context = contextOf(session);
  const { store } = context.shared;
  if (store?.knowsUsers !== true) throw storeRequired();
  const user = store.userOf(context.state.data);
  if (user === undefined || context.lateWrite === throwEnded) {
    throw new SessionError(
      "ERR_SESSION_ENDED",
      "This session has no user. Log in before you call revokeOthers.",
    );
  }
  const { sid, loaded, issued } = context.state;
  const before = parseBody((issued ?? loaded).json);
  const isTheirs = before !== undefined && store.userOf(before.data) === user;
  // A user who logged in during this request has just proved their identity.
  const asks = isTheirs && loaded.isForeign !== true;
  const id = issued === undefined ? loaded.sid : sid;
  await store.endUser(user, sid, asks ? { sid: id, ...before } : undefined);
}
