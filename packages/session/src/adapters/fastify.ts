import type { SessionData } from "../session/data.ts";
import { makePlugin, type SessionPlugin } from "./kit/fastify-plugin.ts";
import type { LazySessions } from "./kit/given.ts";

export type { SessionPlugin } from "./kit/fastify-plugin.ts";

/**
 * Sessions for Fastify 5: a plugin for `request.session`, with the cross-site check. The plugin
 * works for the instance on which it is registered, and for nested instances.
 *
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at registration
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; `ERR_SESSION_SETUP` at registration
 *   if `request.session` already exists, and in a request if code uses the session before the
 *   plugin's `onRequest` hook ran
 * @example
 * ```ts
 * await app.register(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.get("/", (request) => ({ views: (request.session.views = (request.session.views ?? 0) + 1) }));
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>): SessionPlugin {
  return makePlugin(given);
}
