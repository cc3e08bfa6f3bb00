import type { FastifyPluginCallback, FastifyRequest } from "fastify";
import type { Commit } from "../cookie/headers.ts";
import { when, type MaybePromise } from "../maybe.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import { heldBy, type Holder } from "./kit/expose.ts";
import { asksForSocket } from "./kit/handshake.ts";
import { NodeSession, prepareReply, sendFailure } from "./kit/node-session.ts";
import { headersOf, type Reply } from "./kit/reply.ts";
import type { WsServer, WsSocket } from "./kit/sockets/ws-server.ts";
import { refuseEarly, refuseSecond, toSessions, type SessionsOrOptions } from "./kit/given.ts";

declare module "fastify" {
  interface FastifyRequest {
    get session(): SessionOf<SessionData>;
    /** An object replaces the data, null ends the session. */
    set session(value: SessionOf<SessionData> | null);
  }
}

function holderOf(request: FastifyRequest): Holder<never> {
  const held = heldBy(request.raw);
  if (held === undefined) throw refuseEarly("request.session");
  return held;
}

/**
 * Sessions for Fastify 5: a plugin for `request.session`, with the cross-site check. It works for
 * the instance that registers it and for those inside.
 *
 * @param given options, or sessions that are shared with a WebSocket server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; `ERR_SESSION_SETUP` at registration
 *   if `request.session` already exists, and at its use before the plugin's `onRequest` ran
 * @example
 * ```ts
 * await app.register(session({ secretKey: process.env.SECRET_KEY ?? "" }));
 * app.get("/", (request) => ({ views: (request.session.views = (request.session.views ?? 0) + 1) }));
 * ```
 */
export function session<Data = SessionData>(given: SessionsOrOptions<Data>): FastifyPluginCallback {
  const sessions = toSessions(given);

  const plugin: FastifyPluginCallback = (app, _options, done) => {
    if (app.hasRequestDecorator("session")) {
      done(refuseSecond("request.session"));
      return;
    }
    app.decorateRequest("session", {
      getter(this: FastifyRequest) {
        return holderOf(this).session as SessionOf;
      },
      setter(this: FastifyRequest, value: SessionOf | null) {
        holderOf(this).session = value as SessionOf<never> | null;
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
      const held = heldBy(request.raw) as NodeSession | undefined;
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

/** Prepares a request for a socket of @fastify/websocket to be tied to its session. */
function followSockets(held: NodeSession, request: FastifyRequest): Promise<void> | undefined {
  const { websocketServer } = request.server as { websocketServer?: WsServer<WsSocket> };
  if (websocketServer === undefined || !asksForSocket(held.facts)) return undefined;
  // Loaded only here, so that apps without sockets do not load it.
  return import("./kit/sockets/ws-server.ts").then(({ adoptUpgrades }) =>
    adoptUpgrades(websocketServer),
  );
}
