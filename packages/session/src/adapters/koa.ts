import type { IncomingMessage, ServerResponse } from "node:http";
// Without it, the declaration below would belong to a separate module.
import type {} from "koa";
import type { Sessions } from "../engine.ts";
import type { OtherProperties, SessionData, SessionOf } from "../session/data.ts";
import { exposeSession } from "./kit/expose.ts";
import { liveContextOf } from "./kit/handshake.ts";
import { NodeSession, prepareReply } from "./kit/node-session.ts";
import { refuseSecond, refuseSetUp, toSessions, type SessionsOrOptions } from "./kit/given.ts";

declare module "koa" {
  interface DefaultContext extends OtherProperties {
    get session(): SessionOf<SessionData>;
    /** An object replaces the data, null ends the session. */
    set session(value: SessionOf<SessionData> | null);
  }
}

/** What the middleware adds to Koa's context. */
export interface SessionProperty<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** An object replaces the data, null ends the session. */
  set session(value: SessionOf<Data> | null);
}

/** The used part of a Koa context. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: { body?: unknown };
  readonly originalUrl: string;
  body: unknown;
  onerror(error: Error): void;
}

/**
 * The session of a Koa request. Koa's own middleware, such as koa-mount, cuts the mount path off
 * `req.url`.
 */
class KoaSession<Data> extends NodeSession<Data> {
  readonly #ctx: KoaContext;

  constructor(sessions: Sessions<Data>, ctx: KoaContext, fail: (error: unknown) => void) {
    super(sessions, ctx.req, ctx.res, fail);
    this.#ctx = ctx;
  }

  override get target(): string {
    return this.#ctx.originalUrl;
  }
}

/**
 * Sessions for Koa: `ctx.session`, with the cross-site check.
 *
 * @param given options, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before it
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
  const { property } = sessions;
  return async (ctx, next) => {
    const opened = liveContextOf(ctx.req, property);
    if (opened !== undefined) {
      exposeSession(ctx, opened);
      await next();
      return;
    }
    if (ctx.res === undefined) throw refuseBare();
    const fail = (error: unknown) => ctx.onerror(error as Error);
    const held = new KoaSession(sessions, ctx, fail);
    if (property in ctx) throw refuseSecond(`ctx.${property}`);
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

/**
 * Makes the error for a koa-websocket socket, whose handshake was answered without a check of its
 * Origin.
 */
function refuseBare() {
  return refuseSetUp(
    "The handshake of this socket was not checked. After app.listen() call guard(app.ws.server, sessions) of @galleta/session/ws.",
  );
}
