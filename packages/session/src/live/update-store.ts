import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { ENDED, type Revision } from "../session/records.ts";
import type { StorePort } from "../session/ports.ts";
import { draftChange } from "./draft.ts";
import { LiveHub } from "./hub.ts";
import { currentOf, hasNoCookie, refresh } from "./socket-session.ts";

/**
 * How many times `update` tries to store a change. Each failed attempt means that another change of
 * the session came first.
 */
const ATTEMPTS = 100;

/** Changes a session in the store. The browser gets a new cookie with its next response. */
export async function updateInStore(
  context: SessionContext<never>,
  store: StorePort,
  change: (draft: object) => unknown,
): Promise<void> {
  const { live: hub, recent } = context.shared;
  const before = currentOf(context);
  if (hasNoCookie(context)) context.assertOpen();
  const [stored] = await store.check([context.state]);
  if (stored === ENDED) throw ended();
  const known = recent.peek(before.sid);
  let newest: Revision = before;
  for (const other of [known, stored]) {
    if (other !== undefined && other.rev > newest.rev) newest = other;
  }
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const changed = draftChange(context, newest, change);
    if (changed === undefined) return;
    // The cookie stays the same, so the session must not outlive it.
    const { iat, exp } = before;
    const next = { ...changed, sid: before.sid, iat, exp };
    const newer = await store.replace(next.sid, newest.rev, next, exp);
    if (newer === ENDED) throw ended();
    if (newer === undefined) {
      recent.record(next.sid, next.rev, next.json, nowSeconds());
      refresh(context, next);
      if (hub instanceof LiveHub) hub.changed(next);
      return;
    }
    newest = newer;
  }
  throw new SessionError(
    "ERR_SESSION_STORE",
    "Other processes changed the session at the same time, so this change was not stored. Call update again.",
    { status: 503 },
  );
}

function ended(): SessionError<"ERR_SESSION_ENDED"> {
  return new SessionError("ERR_SESSION_ENDED", "The session has ended and cannot be changed.");
}
