import type { SessionContext } from "../session/context.ts";
import type { Snapshot } from "../session/records.ts";
import { NO_META, parseBody } from "../session/json.ts";
import { throwEnded } from "../session/late-writes.ts";
import { endOf } from "../session/lifetime.ts";

/** A session as a socket has it now. */
export function currentOf({ state }: SessionContext<never>): Snapshot {
  const { rev, json, born, iat, exp } = state.issued ?? state.loaded;
  return { sid: state.sid, rev, json, born, iat, exp };
}

/** When the session of a socket expires, in seconds since 1970, by what is known here. */
export function expiresAt(context: SessionContext<never>): number {
  return endOf(currentOf(context), context.settings.lifetimes);
}

/** The session of a socket is now as another request or socket made it. */
export function refresh({ state }: SessionContext<never>, issued: Snapshot): void {
  const body = parseBody(issued.json);
  if (body === undefined) return;
  if (issued.json !== (state.issued ?? state.loaded).json) {
    state.replace(body.data);
    state.meta = body.meta;
  }
  state.sid = issued.sid;
  state.born = issued.born;
  state.issued = issued;
}

/** Lets go of what only a commit needs: a socket may be open for days. */
export function slim({ state }: SessionContext<never>): void {
  const { loaded } = state;
  loaded.data = NO_META;
  // Cut out of the Cookie header, all of which it keeps.
  loaded.token = undefined;
}

/** The session of a socket is no more. What was in it can still be read. */
export function end(context: SessionContext<never>): void {
  context.close(throwEnded);
}

/** Whether the session of a socket ended while the socket was open. */
export function hasEnded({ lateWrite }: SessionContext<never>): boolean {
  return lateWrite === throwEnded;
}

/** Whether no cookie came and none went, so that a change would belong to nobody. */
export function isNobodys({ state }: SessionContext<never>): boolean {
  return state.issued === undefined && state.loaded.isNew;
}
