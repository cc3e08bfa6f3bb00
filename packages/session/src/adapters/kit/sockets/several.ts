import type { Sessions } from "../../../engine.ts";
import { live } from "../../../live/live.ts";
import { assertApart } from "../beside.ts";
import { lazySessions, type LazySessions } from "../given.ts";

/** The sessions of sockets: one, or a list of which the first is that of the app's hooks. */
export type OneOrSeveral<Data> =
  | LazySessions<Data>
  // oxlint-disable-next-line typescript/no-explicit-any -- each has data of its own
  | readonly LazySessions<any>[];

/**
 * Sets up the sessions of sockets, and makes them live: now or, where one is given by a function, at
 * the first handshake.
 *
 * @throws SessionError `ERR_SESSION_KEY`; `ERR_SESSION_OPTION`, also where two of them have the same
 * property or cookie
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
