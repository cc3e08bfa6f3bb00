import type { IncomingMessage, ServerResponse } from "node:http";
// Without it, the declaration below would belong to a separate module.
import type {} from "koa";
import type { Sessions } from "../../engine.ts";
import type { OtherProperties, SessionData, SessionOf, WithMethods } from "../../session/data.ts";
import type { Expose } from "./dress.ts";
import { refuseSecond, refuseSetUp } from "./given.ts";
import { liveContextOf } from "./handshake.ts";
import { NodeSession, prepareReply } from "./node-session.ts";

declare module "koa" {
  /** What a session of a context has beside its data; see `@galleta/session/koa-session`. */
  // oxlint-disable-next-line typescript/no-empty-object-type -- filled where it is imported
  interface ContextSession {}

  interface DefaultContext extends OtherProperties {
    get session(): WithMethods<SessionOf<SessionData>, ContextSession>;
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
export class KoaSession<Data> extends NodeSession<Data> {
  readonly #ctx: KoaContext;

  constructor(sessions: Sessions<Data>, ctx: KoaContext, fail: (error: unknown) => void) {
    super(sessions, ctx.req, ctx.res, fail);
    this.#ctx = ctx;
  }

  override get target(): string {
    return this.#ctx.originalUrl;
  }
}

/** A middleware of Koa that gives contexts their session. */
export type KoaMiddleware<Data> = (
  ctx: KoaContext & SessionProperty<Data>,
  next: () => Promise<unknown>,
) => Promise<void>;

/**
 * Makes the middleware.
 *
 * @param expose gives a context its property
 * @param after looks at the session when the app is through
 */
export function serveKoa<Data>(
  lazy: () => Sessions<Data>,
  expose: Expose,
  after: (held: KoaSession<Data>) => void = () => {},
): KoaMiddleware<Data> {
  return async (ctx, next) => {
    const sessions = lazy();
    const { property } = sessions;
    const opened = liveContextOf(ctx.req, property);
    if (opened !== undefined) {
      expose(ctx, opened);
      await next();
      return;
    }
    if (ctx.res === undefined) throw refuseBare();
    const fail = (error: unknown) => ctx.onerror(error as Error);
    const held = new KoaSession(sessions, ctx, fail);
    if (property in ctx) throw refuseSecond(`ctx.${property}`);
    expose(ctx, held);
    const reply = await held.begin(ctx.request.body);
    if (reply === undefined) {
      await next();
      after(held);
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
