import type { FastifyInstance, FastifyPluginCallback, FastifyRequest } from "fastify";
import type { Commit } from "../../cookie/headers.ts";
import type { Sessions } from "../../engine.ts";
import { when, type MaybePromise } from "../../maybe.ts";
import type { OtherProperties, SessionData, SessionOf, WithMethods } from "../../session/data.ts";
import { assertApart, type Member } from "./beside.ts";
import { heldBy, type Holder } from "./expose.ts";
import { asksForSocket } from "./handshake.ts";
import { NodeSession, prepareReply, sendFailure } from "./node-session.ts";
import { headersOf, type Reply } from "./reply.ts";
import type { WsServer, WsSocket } from "./sockets/ws-server.ts";
import {
  lazySessions,
  secondSessionError,
  setUpError,
  tooEarlyError,
  type LazySessions,
} from "./given.ts";

declare module "fastify" {
  /** The members that adapters such as `@galleta/session/fastify-session` add to the session. */
  // oxlint-disable-next-line typescript/no-empty-object-type -- these adapters fill it
  interface RequestSession {}

  interface FastifyRequest extends OtherProperties {
    get session(): WithMethods<SessionOf<SessionData>, RequestSession>;
    /** Assigning an object replaces the session's data; assigning null ends the session. */
    set session(value: SessionOf<SessionData> | null);
  }
}

/**
 * The type of the Fastify plugin. Files that import the type also load the type of
 * `request.session`.
 */
export type SessionPlugin = FastifyPluginCallback;

function holderOf(request: FastifyRequest, property: string): Holder<never> {
  const held = heldBy(request.raw, property);
  if (held === undefined) throw tooEarlyError(`request.${property}`);
  return held;
}

/**
 * Makes the plugin that gives each request of a Fastify app its session.
 *
 * @param addMethods adds methods to a session
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; `ERR_SESSION_SETUP` if the app
 *   registered `session` itself, without calling it
 */
export function makePlugin<Data>(
  given: LazySessions<Data>,
  addMethods: <Session extends object>(session: Session) => Session = (session) => session,
): SessionPlugin {
  // Other plugins of Fastify take their options from `register`, so users may pass ours there too.
  if (given !== null && typeof given === "object" && "decorateRequest" in given) {
    throw setUpError(
      "session() returns the plugin. Write `app.register(session({ secretKey }))` instead of `app.register(session, { secretKey })`.",
    );
  }
  const lazy = lazySessions(given);
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    let sessions: Sessions<Data>;
    try {
      sessions = lazy();
      register(app, sessions);
    } catch (error) {
      done(error as Error);
      return;
    }
    const { property } = sessions;
    app.decorateRequest(property as "session", {
      getter(this: FastifyRequest) {
        return addMethods(holderOf(this, property).session) as never;
      },
      setter(this: FastifyRequest, value: SessionOf | null) {
        holderOf(this, property).session = value as SessionOf<never> | null;
      },
    });

    app.addHook("onRequest", (request, reply, next) => {
      const held = new NodeSession(sessions, request.raw, reply.raw, (error) => {
        // Only hijacked replies get here: for others, the hook onSend below saves the session.
        reply.log.error(error);
        sendFailure(reply.raw);
      });
      const goOn = (instead: Reply | undefined) => {
        if (instead === undefined) {
          void when(followSockets(held, request), next as () => void, next as (e: unknown) => void);
          return;
        }
        prepareReply(reply.raw, instead);
        reply.code(instead.status).headers(headersOf(instead)).send(instead.body);
      };
      void when(held.begin(), goOn, next as (error: unknown) => void);
    });

    // Saves the session in onSend, where Fastify can still answer with an error.
    app.addHook("onSend", (request, _reply, _payload, next) => {
      const held = heldBy(request.raw, property) as NodeSession | undefined;
      let commit: MaybePromise<Commit> | undefined;
      try {
        commit = held?.commit();
      } catch (error) {
        next(error as Error);
        return;
      }
      void when(commit, () => next(), next as (error: unknown) => void);
    });
    done();
  };

  return Object.assign(plugin, {
    // Without this flag Fastify would encapsulate the plugin, and the registering instance would
    // have no session.
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@galleta/session",
  });
}

/**
 * The key under which a Fastify instance keeps its list of sessions. Each registration of the
 * plugin checks the list and adds to it.
 */
const REGISTERED = Symbol.for("galleta.sessions");

/**
 * Records that a Fastify instance and its nested instances have these sessions.
 *
 * @throws SessionError `ERR_SESSION_SETUP` if requests already have a decorator with the name of
 *   the option `property`; `ERR_SESSION_OPTION` if earlier sessions of the instance have the same
 *   cookie or endpoint
 */
function register<Data>(app: FastifyInstance, sessions: Sessions<Data>): void {
  const { property } = sessions;
  if (app.hasRequestDecorator(property)) throw secondSessionError(`request.${property}`);
  const instance = app as unknown as { [REGISTERED]?: readonly Member[] };
  const before = instance[REGISTERED] ?? [];
  for (const other of before) assertApart({ sessions }, other);
  // A new list, because a nested instance inherits the list of the outer one and must not change
  // it.
  instance[REGISTERED] = [...before, { sessions }];
}

/** Prepares a handshake for @fastify/websocket, so that its socket is tied to the session. */
function followSockets(held: NodeSession, request: FastifyRequest): Promise<void> | undefined {
  const { websocketServer } = request.server as { websocketServer?: WsServer<WsSocket> };
  if (websocketServer === undefined || !asksForSocket(held.facts)) return undefined;
  // Loaded only here, so that apps without sockets do not load it.
  return import("./sockets/ws-server.ts").then(({ adoptUpgrades }) =>
    adoptUpgrades(websocketServer),
  );
}
