import type { Sessions } from "../../packages/session/src/engine.ts";
import { sessionStore } from "../../packages/session/src/store/custom.ts";
import { memoryStore } from "../../packages/session/src/store/memory.ts";
import type { Write } from "../../packages/session/src/store/store.ts";
import { Jar, start, type Data } from "./jar.ts";

/** Processes with one store on the network, whose answers a test may replace. */
export function network() {
  const shared = memoryStore();
  const writes: Write[] = [];
  const state = {
    get: async (keys: readonly string[]) => shared.get(keys),
    replace: async (write: Write) => shared.replace(write),
  };
  const open = (options: Parameters<typeof start>[0] = {}) =>
    start({
      subject: "user",
      ...options,
      store: sessionStore({
        isLocal: false,
        get: (keys: readonly string[]) => state.get(keys),
        replace(write) {
          writes.push(write);
          return state.replace(write);
        },
      }),
    });
  return { open, shared, state, writes };
}

/** Logs a user in, and returns the browser's cookies. */
export async function login(sessions: Sessions<Data>, user: unknown = "ada"): Promise<Jar> {
  const jar = new Jar();
  await jar.request(sessions, (session) => void (session["user"] = user));
  return jar;
}
