// A Worker with a store: the checks, and a session over HTTP for whoever asks.
import { createSessions, destroy } from "@galleta/session";
import {
  d1Migration,
  d1Store,
  durableObjectStore,
  SessionObject,
} from "@galleta/session/cloudflare";
import { session } from "@galleta/session/fetch";
import { checkStore } from "./checks.mjs";

export { SessionObject };

const STORES = {
  d1: ({ DB }) => d1Store(DB),
  objects: ({ SESSIONS }) => durableObjectStore(SESSIONS),
};
const apps = new Map();

/** An app for each store, kept between requests as a Worker's users keep theirs. */
function appOf(name, env) {
  const store = STORES[name](env);
  const sessions = createSessions({
    secretKey: "a secret key of the databases' suite, long enough",
    store,
    storage: "store",
    storeTimeout: 30,
  });
  return session(sessions)((request, context) => {
    if (new URL(request.url).pathname === "/end") destroy(context.session);
    else context.session.n = (context.session.n ?? 0) + 1;
    return Response.json(context.session);
  });
}

let migrated;

export default {
  async fetch(request, env) {
    const { hostname, pathname } = new URL(request.url);
    const [name] = hostname.split(".");
    migrated ??= Promise.all(
      d1Migration()
        .split(";\n")
        .filter((sql) => sql.trim() !== "")
        .map((sql) => env.DB.prepare(sql).run()),
    );
    if (name === "d1") await migrated;
    if (pathname === "/checks") return Response.json(await checkStore(() => STORES[name](env)));
    if (!apps.has(name)) apps.set(name, appOf(name, env));
    return apps.get(name)(request);
  },
};
