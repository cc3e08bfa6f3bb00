import { optionError } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionData } from "../session/data.ts";
import { exposeSession } from "./kit/expose.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";
import { serveKoa, type KoaMiddleware } from "./kit/koa-middleware.ts";

export type { KoaContext, KoaMiddleware, SessionProperty } from "./kit/koa-middleware.ts";

/**
 * Sessions for Koa: `ctx.session`, with the cross-site check.
 *
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.use((ctx) => {
 *   ctx.body = { views: (ctx.session.views = (ctx.session.views ?? 0) + 1) };
 * });
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>): KoaMiddleware<Data> {
  return serveKoa(lazySessions(given), exposeSession, assertNoMaxAge);
}

/**
 * Throws if the app sets `ctx.session.maxAge`. In the package koa-session this sets a lifetime;
 * here the number would be stored as data of the session.
 */
function assertNoMaxAge<Data>({ state: { data, loaded } }: SessionContext<Data>): void {
  const { maxAge } = data;
  if (maxAge === undefined || maxAge === loaded.data["maxAge"]) return;
  delete data["maxAge"];
  throw optionError(
    "ctx.session.maxAge does not set a lifetime here. Call setMaxAge(ctx.session, seconds), or use @galleta/session/koa-session, where maxAge is in milliseconds.",
  );
}
