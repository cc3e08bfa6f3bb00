import { randomInt } from "node:crypto";
import { createSessions } from "@galleta/session";
import type { SessionContext } from "@galleta/session/adapter";
import {
  fromSetCookie,
  mint,
  SECRET,
  tamper,
  USERS,
  type Contestant,
  type Data,
} from "../contestant.ts";

// More users than the cache of verified tokens holds, so that each token is verified every time.
const STRANGERS = 24_576;
/** The random order is drawn before, so that drawing is not measured. */
const ORDER = 1 << 18;

function setCookie(context: SessionContext<Data>): readonly string[] {
  const commit = context.commit();
  if ("then" in commit) throw new Error("Without a store a commit is synchronous.");
  return commit.setCookie;
}

/**
 * @param users how many users' cookies are used in turn
 * @param fleet how many processes read the cookies; with more than one, each request goes to a
 *   random process
 */
export function contestant(name: string, users: number, fleet = 1): Contestant {
  return {
    name,
    package: "@galleta/session",
    kinds: ["signed", "encrypted"],
    async prepare(kind, data) {
      const options = {
        secretKey: SECRET,
        encrypt: kind === "encrypted",
        onEvent: () => undefined,
      };
      const sessions = createSessions<Data>(options);
      const jar = await mint(() => {
        const context = sessions.open("");
        context.session = { ...data };
        return fromSetCookie(setCookie(context));
      }, users);
      // The readers are other instances, as after a restart, so they did not make these cookies.
      const readers = Array.from({ length: fleet }, () => createSessions<Data>(options));
      const [first = sessions] = readers;
      const order = Array.from({ length: fleet === 1 ? 0 : ORDER }, () => ({
        user: randomInt(users),
        reader: readers[randomInt(fleet)] ?? first,
      }));
      const cookies = [...jar];
      const broken = jar.map(tamper);
      const read = (cookie: string, reader = first) => {
        const context = reader.open(cookie);
        const { views } = context.session;
        setCookie(context);
        return views;
      };
      return {
        read(i) {
          if (fleet === 1) return read(cookies[i % users] ?? "");
          const { user = 0, reader } = order[i % ORDER] ?? {};
          return read(cookies[user] ?? "", reader);
        },
        write(i) {
          const context = sessions.open(jar[i % users]);
          const { session } = context;
          session.views = (session.views ?? 0) + 1;
          jar[i % users] = fromSetCookie(setCookie(context));
        },
        untouched: (i) => setCookie(first.open(cookies[i % users])),
        tampered: (i) => read(broken[i % users] ?? ""),
      };
    },
  };
}

export const galleta = contestant("Galleta", USERS);
export const galletaFleet = contestant("Galleta, 10,000 users over four processes", 10_000, 4);
export const galletaUnseen = contestant("Galleta, cookie not seen lately", STRANGERS);
