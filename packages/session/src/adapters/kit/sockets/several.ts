import type { Sessions } from "../../../engine.ts";
import { live } from "../../../live/live.ts";
import { assertApart } from "../beside.ts";
import { lazySessions, type LazySessions } from "../given.ts";

/**
 * The sessions for the sockets of a server: one, or a list. The app's `handshake` function gets the
 * first.
 */
export type OneOrSeveral<Data> =
  | LazySessions<Data>
  // oxlint-disable-next-line typescript/no-explicit-any -- each list entry has its own type of data
  | readonly LazySessions<any>[];

/**
 * Sets up the sessions for the sockets of a server: now, or at the first handshake if one of them
 * is given as a function. The sockets then follow changes of the sessions.
 *
 * @throws SessionError `ERR_SESSION_KEY`; `ERR_SESSION_OPTION`, also if two of the sessions have
 *   the same property or cookie
 */
export function lazySeveral<Data>(given: OneOrSeveral<Data>): () => readonly Sessions<Data>[] {
  const list = (Array.isArray(given) ? given : [given]) as LazySessions<Data>[];
  const lazy = list.map((each) => lazySessions(each));
  let all: readonly Sessions<Data>[] | undefined;
  const setUp = () => (all ??= makeLive(lazy.map((each) => each())));
  if (list.every((each) => typeof each !== "function")) setUp();
  return setUp;
}

function makeLive<Data>(list: readonly Sessions<Data>[]): readonly Sessions<Data>[] {
  const all = list.map((each) => live(each));
  all.forEach((sessions, index) => {
    for (const other of all.slice(0, index)) assertApart({ sessions }, { sessions: other });
  });
  return all;
}
