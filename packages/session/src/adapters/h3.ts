import type { H3Event, H3Plugin, Middleware } from "h3";
import { applyCommit, type Commit } from "../cookie/headers.ts";
import type { SessionData } from "../session/data.ts";
import { exposeSession } from "./kit/expose.ts";
import { openHeaders } from "./kit/fetch-response.ts";
import { FetchSession } from "./kit/fetch-session.ts";
import { secondSessionError, setUpError, lazySessions, type LazySessions } from "./kit/given.ts";

export type { SessionEventContext } from "./kit/h3-context.ts";

/**
 * Sessions for h3 2: a plugin for `event.context.session`, with the cross-site check. Register the
 * plugin on the app that is served, before all code that uses the session.
 *
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one, or if the app with
 *   this plugin is mounted in another app
 * @example
 * ```ts
 * const app = new H3().register(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.get("/", ({ context: { session } }) => ({ views: (session.views = (session.views ?? 0) + 1) }));
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>): H3Plugin {
  const lazy = lazySessions(given);
  // The key under which an event keeps the headers to add to its response.
  const owed = Symbol("galleta.owed");
  const middleware: Middleware = async (event, next) => {
    const sessions = lazy();
    const { property } = sessions;
    if (event.context[property] !== undefined)
      throw secondSessionError(`event.context.${property}`);
    if (!watched.has((event.app as { config: object }).config)) throw mountedError();
    const held = new FetchSession(sessions, event.req);
    exposeSession(event.context, held);
    const reply = await held.begin();
    if (reply !== undefined) return reply;

    const commit = async () => {
      try {
        return ((event as Owing)[owed] = await held.commit());
      } catch (error) {
        // If the store cannot be reached, a logout must still delete the cookie: the second commit
        // returns that header.
        (event as Owing)[owed] = await held.commit();
        throw error;
      }
    };
    let answer: unknown;
    try {
      answer = await next();
    } catch (error) {
      await commit();
      throw error;
    }
    const { accessed } = await commit();
    return accessed && answer instanceof Response ? openHeaders(answer) : answer;
  };

  return (app) => {
    checkApp(app);
    // h3 merges headers in several places, and differently for errors. Only onResponse sees every
    // response as it is sent.
    const { onResponse } = app.config;
    app.config.onResponse = (response, event) => {
      const commit = (event as Owing)[owed];
      if (commit !== undefined) applyCommit(commit, response.headers);
      return onResponse?.(response, event);
    };
    watched.add(app.config);
    app.use(middleware);
  };
}

type Owing = H3Event & Record<symbol, Commit | undefined>;

/** The configurations of the h3 apps on which the plugin is registered. */
const watched = new WeakSet<object>();

/** Throws if the plugin is called with a request instead of an app, as `app.use` and h3 1 do. */
function checkApp(app: object): void {
  if ("config" in app && "register" in app) return;
  throw setUpError(
    "app" in app
      ? "@galleta/session/h3 is a plugin. Write `app.register(session(...))` instead of `app.use(session(...))`."
      : "@galleta/session/h3 needs h3 2. For h3 1, Nitro 2 and Nuxt use @galleta/session/nuxt.",
  );
}

function mountedError() {
  return setUpError(
    "The session middleware is registered on a mounted app, whose responses it cannot see. Register it on the app that is served.",
  );
}
