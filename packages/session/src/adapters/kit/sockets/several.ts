import type { Sessions } from "../../../engine.ts";
import { live } from "../../../live/live.ts";
import { assertApart } from "../beside.ts";
import { toSessions, type SessionsOrOptions } from "../given.ts";

/** The sessions of sockets: one, or a list of which the first is that of the app's hooks. */
export type OneOrSeveral<Data> =
  | SessionsOrOptions<Data>
  // oxlint-disable-next-line typescript/no-explicit-any -- each has data of its own
  | readonly SessionsOrOptions<any>[];

/**
 * Sets up the sessions of sockets, and makes them live.
 *
 * @throws SessionError `ERR_SESSION_KEY`; `ERR_SESSION_OPTION`, also where two of them have the same
 * property or cookie
 */
export function toSeveral<Data>(given: OneOrSeveral<Data>): readonly Sessions<Data>[] {
  const list = (Array.isArray(given) ? given : [given]) as SessionsOrOptions<Data>[];
  const all = list.map((each) => live(toSessions(each)));
  all.forEach((sessions, index) => {
    for (const other of all.slice(0, index)) assertApart({ sessions }, { sessions: other });
  });
  return all;
}
