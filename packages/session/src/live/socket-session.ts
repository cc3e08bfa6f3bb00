import type { SessionContext } from "../session/context.ts";
import type { Snapshot } from "../session/records.ts";
import { NO_META, parseBody } from "../session/json.ts";
import { throwEnded } from "../session/late-writes.ts";
import { endOf } from "../session/lifetime.ts";

/**
 * Returns the state of a socket's session that this process knows: id, revision, JSON and times.
 */
export function currentOf({ state }: SessionContext<never>): Snapshot {
  const { rev, json, born, iat, exp } = state.issued ?? state.loaded;
  return { sid: state.sid, rev, json, born, iat, exp };
}

/**
 * Returns when a socket's session expires, in seconds since 1970. Another process may have
 * prolonged the session further in the meantime.
 */
export function expiresAt(context: SessionContext<never>): number {
  return endOf(currentOf(context), context.settings.lifetimes);
}

/** Gives a socket's session the state that another request or socket wrote. */
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

/**
 * Frees those parts of a socket's session that are only needed to save it in a response. A socket
 * may be open for days.
 */
export function slim({ state }: SessionContext<never>): void {
  const { loaded } = state;
  loaded.data = NO_META;
  // The token is a substring of the Cookie header and would keep the whole header in memory.
  loaded.token = undefined;
}

/** Ends the session of a socket: every later change throws, but the data can still be read. */
export function end(context: SessionContext<never>): void {
  context.close(throwEnded);
}

/** True if the session ended while the socket was open. */
export function hasEnded({ lateWrite }: SessionContext<never>): boolean {
  return lateWrite === throwEnded;
}

/**
 * True if a socket's session has no cookie: the handshake had none, and its response sets none. A
 * change of the session would be lost.
 */
export function hasNoCookie({ state }: SessionContext<never>): boolean {
  return state.issued === undefined && state.loaded.isNew;
}
