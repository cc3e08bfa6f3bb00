import type { IncomingMessage, ServerResponse } from "node:http";
// Without this import, `declare module "koa"` would define a new module, not extend Koa's.
import type {} from "koa";
import type { Commit } from "../../cookie/headers.ts";
import type { Sessions } from "../../engine.ts";
import type { MaybePromise } from "../../maybe.ts";
import type { SessionContext } from "../../session/context.ts";
import type { OtherProperties, SessionData, SessionOf, WithMethods } from "../../session/data.ts";
import type { Expose } from "./session-methods.ts";
import { secondSessionError, setUpError } from "./given.ts";
import { liveContextOf } from "./handshake.ts";
import { NodeSession, prepareReply } from "./node-session.ts";

declare module "koa" {
  /** The members that `@galleta/session/koa-session` adds to `ctx.session`. */
  // oxlint-disable-next-line typescript/no-empty-object-type -- that adapter fills it
  interface ContextSession {}

  interface DefaultContext extends OtherProperties {
    get session(): WithMethods<SessionOf<SessionData>, ContextSession>;
    /** The session. Assign an object to replace its data, or null to end the session. */
    set session(value: SessionOf<SessionData> | null);
  }
}

/** The members that the middleware adds to Koa's context. */
export interface SessionProperty<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** The session. Assign an object to replace its data, or null to end the session. */
  set session(value: SessionOf<Data> | null);
}

/** The part of a Koa context that this adapter uses. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: { body?: unknown };
  readonly originalUrl: string;
  body: unknown;
  onerror(error: Error): void;
}

/**
 * The session of one Koa request. The URL comes from Koa's context, because middleware such as
 * koa-mount cuts the mount path off `req.url`.
 */
class KoaSession<Data> extends NodeSession<Data> {
  readonly #ctx: KoaContext;
  readonly #check: Check<Data> | undefined;

  constructor(sessions: Sessions<Data>, ctx: KoaContext, check: Check<Data> | undefined) {
    super(sessions, ctx.req, ctx.res, (error) => ctx.onerror(error as Error));
    this.#ctx = ctx;
    this.#check = check;
  }

  override get target(): string {
    return this.#ctx.originalUrl;
  }

  override commit(): MaybePromise<Commit> | undefined {
    if (this.isAccessed && this.context.isOpen) this.#check?.(this.context);
    return super.commit();
  }
}

type Check<Data> = (context: SessionContext<Data>) => void;

/** A Koa middleware that adds the session to the context. */
export type KoaMiddleware<Data> = (
  ctx: KoaContext & SessionProperty<Data>,
  next: () => Promise<unknown>,
) => Promise<void>;

/**
 * Makes the middleware that gives each Koa context its session.
 *
 * @param expose defines the session property on a context
 * @param check inspects each used session before it is saved; may throw an error, which fails the
 *   request
 */
export function serveKoa<Data>(
  lazy: () => Sessions<Data>,
  expose: Expose,
  check?: Check<Data>,
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
    if (ctx.res === undefined) throw uncheckedHandshakeError();
    const held = new KoaSession(sessions, ctx, check);
    if (property in ctx) throw secondSessionError(`ctx.${property}`);
    expose(ctx, held);
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
 * Makes the error for a socket of koa-websocket whose handshake was answered without an Origin
 * check.
 */
function uncheckedHandshakeError() {
  return setUpError(
    "The handshake of this socket was not checked. After app.listen() call guard(app.ws.server, sessions) of @galleta/session/ws.",
  );
}
