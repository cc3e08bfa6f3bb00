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

// More than the cache of verified tokens holds, so that each is verified every time.
const STRANGERS = 24_576;

function setCookie(context: SessionContext<Data>): readonly string[] {
  const commit = context.commit();
  if ("then" in commit) throw new Error("Without a store a commit is synchronous.");
  return commit.setCookie;
}

function contestant(name: string, users: number): Contestant {
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
      // The reader is another instance, as after a restart: it has not made these cookies.
      const reader = createSessions<Data>(options);
      const cookies = [...jar];
      const broken = jar.map(tamper);
      const read = (cookie: string) => {
        const context = reader.open(cookie);
        const { views } = context.session;
        setCookie(context);
        return views;
      };
      return {
        read: (i) => read(cookies[i % users] ?? ""),
        write(i) {
          const context = sessions.open(jar[i % users]);
          const { session } = context;
          session.views = (session.views ?? 0) + 1;
          jar[i % users] = fromSetCookie(setCookie(context));
        },
        untouched: (i) => setCookie(reader.open(cookies[i % users])),
        tampered: (i) => read(broken[i % users] ?? ""),
      };
    },
  };
}

export const galleta = contestant("Galleta", USERS);
export const galletaUnseen = contestant("Galleta, cookie not seen lately", STRANGERS);
