import type { IncomingMessage } from "node:http";
import type { Context, MiddlewareHandler } from "hono";
import type { WSEvents } from "hono/ws";
import type { Commit } from "../cookie/headers.ts";
import type { OtherProperties, SessionData, SessionOf } from "../session/data.ts";
import type { RequestFacts } from "../session/request.ts";
import { allHeld, exposeSession, hold, type Holder } from "./kit/expose.ts";
import { connectionOf, FetchFacts } from "./kit/fetch-facts.ts";
import { peekFetchBody } from "./kit/fetch-body.ts";
import { withCommit } from "./kit/fetch-response.ts";
import { FetchSession } from "./kit/fetch-session.ts";
import { asksForSocket } from "./kit/handshake.ts";
import { NodeFacts } from "./kit/node-facts.ts";
import { tooEarlyError, secondSessionError, lazySessions, type LazySessions } from "./kit/given.ts";

declare module "hono" {
  interface ContextVariableMap extends OtherProperties {
    session: SessionOf<SessionData>;
  }
}

/** The environment type of an app that uses the session: `new Hono<SessionEnv<Data>>()`. */
export interface SessionEnv<Data = SessionData> {
  Variables: { session: SessionOf<Data> };
}

/**
 * Sessions for Hono: `c.var.session` or `c.get("session")`, with the cross-site check.
 * `c.set("session", data)` replaces the data, `destroy(c.var.session)` ends the session.
 *
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; requests fail with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * app.use(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.get("/", (c) => c.json({ views: (c.var.session.views = (c.var.session.views ?? 0) + 1) }));
 * ```
 */
export function session<Data = SessionData>(
  given: LazySessions<Data>,
): MiddlewareHandler<SessionEnv<Data>> {
  const lazy = lazySessions(given);
  return async (c, next) => {
    const sessions = lazy();
    const { property } = sessions;
    if (c.get(property as "session") !== undefined)
      throw secondSessionError(`c.get("${property}")`);
    const sources = { facts: factsOf(c), readBody: () => readBody(c) };
    const held = new FetchSession(sessions, c.req.raw, sources);
    expose(c, held, property);
    const reply = held.begin();
    const instead = reply instanceof Promise ? await reply : reply;
    if (instead !== undefined) return instead;

    await next();

    try {
      const owed = held.commit();
      put(c, owed instanceof Promise ? await owed : owed);
    } catch (error) {
      // If the store cannot be reached, a logout must still delete the cookie: the second commit
      // returns that header, and Hono copies it to the error response.
      put(c, await held.commit());
      throw error;
    }
    return undefined;
  };
}

/**
 * Gives a session to each socket of Hono's `upgradeWebSocket`, on every runtime. Changes to the
 * session during the handshake are sent with the 101. The socket sees later changes of its session,
 * and is closed when the session ends.
 *
 * @param upgradeWebSocket the function of `@hono/node-server`, `@hono/node-ws`, `hono/bun`,
 *   `hono/deno` or `hono/cloudflare-workers`
 * @throws SessionError requests fail with `ERR_SESSION_SETUP` if the middleware of {@link session}
 *   did not run before, and on Deno with `ERR_SESSION_RUNTIME` if the session was changed
 * @example
 * ```ts
 * import { upgradeWebSocket } from "hono/bun";
 * const upgrade = guardUpgrade(upgradeWebSocket);
 * ```
 */
export function guardUpgrade<Upgrade extends (...args: never[]) => unknown>(
  upgradeWebSocket: Upgrade,
): Upgrade {
  const helper = upgradeWebSocket as unknown as Helper;
  const run = async (c: Context, events: WSEvents, upgrade: (events: WSEvents) => Answered) => {
    const held = allHeld(c) as unknown as FetchSession[];
    const [first] = held;
    if (first === undefined) throw tooEarlyError("upgradeWebSocket");
    if (!asksForSocket(first.facts)) return upgrade(events);
    // Loaded only here, so that apps without sockets do not load it.
    const { upgradeWithSession } = await import("./kit/sockets/hono-socket.ts");
    return upgradeWithSession(c, held, events, upgrade);
  };
  const guarded = (first: Context | EventsOf, ...rest: unknown[]) => {
    if (typeof first !== "function") {
      const [events, options] = rest as [WSEvents, unknown];
      return run(first, events, (tied) => helper(first, tied, options) as Answered);
    }
    return async (c: Context, next: () => Promise<void>) =>
      run(c, await first(c), (tied) => {
        const middleware = helper(() => tied, ...rest) as MiddlewareHandler;
        return middleware(c, next) as Answered;
      });
  };
  return guarded as unknown as Upgrade;
}

type Answered = Promise<Response | void>;
type EventsOf = (c: Context) => WSEvents | Promise<WSEvents>;
type Helper = (...args: unknown[]) => unknown;

function put(c: Context, commit: Commit): void {
  // Merely reading `c.res` makes Hono create a response, so it is skipped for unused sessions.
  if (!commit.accessed) return;
  const response = withCommit(c.res, commit);
  if (response === c.res) return;
  // Without this line Hono would copy the old headers over those of the new response.
  c.res = undefined;
  c.res = response;
}

/** The object that a Node, Bun or Deno server passes to Hono as `env`. */
interface Env {
  readonly incoming?: IncomingMessage;
  readonly server?: unknown;
}

function factsOf(c: Context): RequestFacts {
  const env = (c.env ?? {}) as Env;
  if (env.incoming !== undefined) return new NodeFacts(env.incoming);
  return new FetchFacts(c.req.raw, () => connectionOf(c.req.raw, env.server ?? env));
}

/**
 * Reads the body of a request so that the handler can read it again. If other code has read the
 * body before, Hono has kept a copy.
 */
async function readBody(c: Context): Promise<Uint8Array | undefined> {
  if (!c.req.raw.bodyUsed) return peekFetchBody(c.req.raw);
  return new Uint8Array(await c.req.arrayBuffer());
}

/**
 * Makes the session a variable of Hono's context. Hono's own variables are plain values, but the
 * session opens at its first use, so `get`, `set` and `var` are replaced.
 */
function expose<Data>(c: Context, holder: Holder<Data>, property: string): void {
  const variables = c as unknown as Record<"get" | "set", (...args: unknown[]) => unknown>;
  const { get, set } = variables;
  variables.get = (key) => (key === property ? holder.session : get.call(c, key));
  variables.set = (key, value) => {
    if (key === property) holder.session = value as SessionOf<Data> | null;
    else set.call(c, key, value);
  };
  hold(c, holder);
  Object.defineProperty(c, "var", VARIABLES);
}

/**
 * The accessor of `var`, which all contexts of Hono share. A new accessor for each context would
 * slow down every use of the context.
 */
const VARIABLES: PropertyDescriptor & ThisType<Context> = {
  get() {
    const variables = Reflect.get(Object.getPrototypeOf(this) as object, "var", this) as object;
    for (const held of allHeld(this)) exposeSession(variables, held);
    return variables;
  },
  configurable: true,
};
