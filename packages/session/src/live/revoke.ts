import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import { contextOf } from "../session/context.ts";
import { lastExpiry } from "../session/end.ts";
import type { User } from "../session/vault.ts";
import type { StoreVault } from "../store/vault.ts";
import { LiveHub } from "./hub.ts";
import { currentOf } from "./registry.ts";

/**
 * Ends all sessions of a user, but for one.
 *
 * @param keep the id of the one, or ""
 */
export async function endSessionsOf(hub: LiveHub, user: User, keep: string): Promise<void> {
  const vault = vaultOf(hub);
  const now = nowSeconds();
  const until = lastExpiry(hub.settings.lifetimes, now, now, now);
  try {
    const fact = await vault.endUser(user, keep, until);
    hub.userEnded(fact);
  } catch (error) {
    // It holds here all the same, and for the others as soon as the store answers.
    vault.report(error);
    hub.userEnded(undefined);
    throw error;
  }
}

/**
 * Ends all other sessions of this session's user, everywhere, sockets included: "log out my other
 * devices", and what belongs after a change of password.
 *
 * @throws SessionError `ERR_SESSION_STORE_REQUIRED` without the options `store` and `subject`;
 * `ERR_SESSION_STORE` when the store fails: then it holds in this process, and everywhere when the
 * store is back; `ERR_SESSION_NOT_A_SESSION`; `ERR_SESSION_ENDED` where no user is logged in
 * @example
 * ```ts
 * await setPassword(req.session.userId, password);
 * await revokeOthers(req.session);
 * ```
 */
export async function revokeOthers(session: object): Promise<void> {
  const context = contextOf(session);
  const { hub } = context.shared;
  if (!(hub instanceof LiveHub)) throw storeRequired();
  const user = vaultOf(hub).userOf(context.state.dictionary.data);
  if (user === undefined || context.hasEnded) {
    throw new SessionError("ERR_SESSION_ENDED", "This is the session of no user.");
  }
  await endSessionsOf(hub, user, currentOf(context).sid);
}

function vaultOf({ vault }: LiveHub): StoreVault {
  if (vault?.knowsUsers !== true) throw storeRequired();
  return vault;
}

function storeRequired(): SessionError<"ERR_SESSION_STORE_REQUIRED"> {
  return new SessionError(
    "ERR_SESSION_STORE_REQUIRED",
    "To end the sessions of a user, set the options store and subject.",
  );
}
