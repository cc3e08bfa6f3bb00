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
import { refuseEarly, refuseSecond } from "./given.ts";

declare module "fastify" {
  /** What a session of a request has beside its data; see `@galleta/session/fastify-secure-session`. */
  // oxlint-disable-next-line typescript/no-empty-object-type -- filled where it is imported
  interface RequestSession {}

  interface FastifyRequest extends OtherProperties {
    get session(): WithMethods<SessionOf<SessionData>, RequestSession>;
    /** An object replaces the data, null ends the session. */
    set session(value: SessionOf<SessionData> | null);
  }
}

/**
 * What `app.register` takes. The declarations of an entry that names it load the `declare module`
 * above.
 */
export type SessionPlugin = FastifyPluginCallback;

function holderOf(request: FastifyRequest, property: string): Holder<never> {
  const held = heldBy(request.raw, property);
  if (held === undefined) throw refuseEarly(`request.${property}`);
  return held;
}

/**
 * Makes the plugin.
 *
 * @param dress gives a session methods
 */
export function makePlugin<Data>(
  lazy: () => Sessions<Data>,
  dress: <Session extends object>(session: Session) => Session = (session) => session,
): SessionPlugin {
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
        return dress(holderOf(this, property).session) as never;
      },
      setter(this: FastifyRequest, value: SessionOf | null) {
        holderOf(this, property).session = value as SessionOf<never> | null;
      },
    });

    app.addHook("onRequest", (request, reply, next) => {
      const held = new NodeSession(sessions, request.raw, reply.raw, (error) => {
        // Only for a hijacked reply: otherwise Fastify itself commits in onSend.
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

    // At this point, a session that cannot be saved still reaches Fastify's own error handling.
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
    // Without its own encapsulated context, so that the registering instance has the session.
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@galleta/session",
  });
}

/** Where an instance keeps the sessions that it has, for those who register more. */
const REGISTERED = Symbol.for("galleta.sessions");

/**
 * Notes which sessions an instance and those inside it have.
 *
 * @throws SessionError `ERR_SESSION_SETUP`, `ERR_SESSION_OPTION` where one of them cannot be together
 * with these
 */
function register<Data>(app: FastifyInstance, sessions: Sessions<Data>): void {
  const { property } = sessions;
  if (app.hasRequestDecorator(property)) throw refuseSecond(`request.${property}`);
  const instance = app as unknown as { [REGISTERED]?: readonly Member[] };
  const before = instance[REGISTERED] ?? [];
  for (const other of before) assertApart({ sessions }, other);
  // A list of its own: an instance inside inherits that of the outer one and must not change it.
  instance[REGISTERED] = [...before, { sessions }];
}

/** Prepares a request for a socket of @fastify/websocket to be tied to its session. */
function followSockets(held: NodeSession, request: FastifyRequest): Promise<void> | undefined {
  const { websocketServer } = request.server as { websocketServer?: WsServer<WsSocket> };
  if (websocketServer === undefined || !asksForSocket(held.facts)) return undefined;
  // Loaded only here, so that apps without sockets do not load it.
  return import("./sockets/ws-server.ts").then(({ adoptUpgrades }) =>
    adoptUpgrades(websocketServer),
  );
}
