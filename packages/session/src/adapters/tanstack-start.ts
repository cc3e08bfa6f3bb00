import { AsyncLocalStorage } from "node:async_hooks";
import type { SessionData, SessionOf } from "../session/data.ts";
import { heldBy, hold } from "./kit/expose.ts";
import { FetchSession } from "./kit/fetch-session.ts";
import { lazySessions, tooEarlyError, secondSessionError, type LazySessions } from "./kit/given.ts";
import { rescue } from "./kit/rescue.ts";

/** The argument of `createMiddleware().server()`. */
export type StartMiddleware = <Result extends { readonly response: Response }>(options: {
  readonly request: Request;
  readonly next: () => Result | Promise<Result>;
}) => Promise<Response>;

/**
 * Sessions for TanStack Start. Returns two functions. Pass the first to
 * `createMiddleware().server()`: it does the cross-site check. The second returns the session in
 * server functions, server routes and loaders on the server.
 *
 * The session is not in `context`, because Start copies the context for each middleware. A copy
 * reads every property, so it would open sessions that no code uses.
 *
 * @param given options, shared sessions, or a function that returns them at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; a request fails with
 *   `ERR_SESSION_SETUP` if the middleware runs twice, or did not run before the session is used
 * @example
 * ```ts
 * // src/session.server.ts; in src/start.ts: createMiddleware().server(serveSession)
 * export const [serveSession, getSession] = session({ secretKey: process.env.SECRET_KEY ?? "" });
 * ```
 */
export function session<Data = SessionData>(
  given: LazySessions<Data>,
): readonly [StartMiddleware, () => SessionOf<Data>] {
  const sessions = lazySessions(given);
  const current = new AsyncLocalStorage<FetchSession<Data>>();
  const middleware: StartMiddleware = async ({ request, next }) => {
    const held = new FetchSession(setUp(sessions), request);
    const { property } = held.sessions;
    if (heldBy(request, property) !== undefined)
      throw secondSessionError("The session of this request");
    hold(request, held);
    const reply = await held.begin();
    if (reply !== undefined) return reply;
    try {
      const { response } = await current.run(held, async () => next());
      return await held.finish(response);
    } catch (error) {
      return rescue(error, held, "Internal Server Error");
    }
  };
  const getSession = () => {
    const held = current.getStore();
    if (held === undefined) throw tooEarlyError("getSession()");
    return held.session;
  };
  return [middleware, getSession];
}

/**
 * Creates the sessions, and prints an error if that fails: Start answers 500 without printing the
 * reason.
 */
function setUp<Sessions>(sessions: () => Sessions): Sessions {
  try {
    return sessions();
  } catch (error) {
    // oxlint-disable-next-line no-console -- Start does not print it
    console.error(error);
    throw error;
  }
}
