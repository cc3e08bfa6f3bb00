import type { IncomingMessage, ServerResponse } from "node:http";
// Without it the declaration below would be of a module of its own.
import type {} from "koa";
import type { SessionData, SessionOf } from "../session/data.ts";
import { exposeSession } from "./kit/expose.ts";
import { NodeSession, prepareReply } from "./kit/node-session.ts";
import { refuseSecond, toSessions, type SessionsOrOptions } from "./kit/given.ts";

declare module "koa" {
  interface DefaultContext {
    get session(): SessionOf<SessionData>;
    /** An object replaces the data, null ends the session. */
    set session(value: SessionOf<SessionData> | null);
  }
}

/** What the context of Koa has, once the middleware ran. */
export interface SessionProperty<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** An object replaces the data, null ends the session. */
  set session(value: SessionOf<Data> | null);
}

/** What is used of a context of Koa. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: { body?: unknown };
  body: unknown;
  onerror(error: Error): void;
}

/**
 * Sessions for Koa: `ctx.session`, and the check against cross-site requests.
 *
 * @param given options, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 * `ERR_SESSION_SETUP` where another session middleware stands before it
 * @example
 * ```ts
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.use((ctx) => {
 *   ctx.body = { views: (ctx.session.views = (ctx.session.views ?? 0) + 1) };
 * });
 * ```
 */
export function session<Data = SessionData>(
  given: SessionsOrOptions<Data>,
): (ctx: KoaContext & SessionProperty<Data>, next: () => Promise<unknown>) => Promise<void> {
  const sessions = toSessions(given);
  return async (ctx, next) => {
    const fail = (error: unknown) => ctx.onerror(error as Error);
    const held = new NodeSession(sessions, ctx.req, ctx.res, fail);
    if ((ctx as { session?: unknown }).session !== undefined) throw refuseSecond("ctx.session");
    exposeSession(ctx, held);
    const reply = await held.begin(ctx.request.body);
    if (reply === undefined) {
      await next();
      return;
    }
    ctx.body = reply.body;
    prepareReply(ctx.res, reply);
  };
}
