import type { Hooks, Peer } from "crossws";
import { attachSocket, live } from "../live/live.ts";
import {
  escapeMessage,
  negotiate,
  offeredProtocols,
  readFrame,
  type LiveHandle,
} from "../live/socket.ts";
import { assertSendable } from "./kit/sockets/handshake-cookies.ts";
import type { MaybePromise } from "../maybe.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import { factsOf, FetchFacts, type ConnectionFacts } from "./kit/fetch-facts.ts";
import { NodeFacts, type NodeRequest } from "./kit/node-facts.ts";
import { toResponse, withCommit } from "./kit/fetch-response.ts";
import {
  commitHandshake,
  openHandshake,
  failureReply,
  recallSession,
  denyHandshake,
  rememberSession,
} from "./kit/handshake.ts";
import { toSessions, type SessionsOrOptions } from "./kit/given.ts";

type UpgradeRequest = Parameters<Hooks["upgrade"]>[0];
type UpgradeResult = Awaited<ReturnType<Hooks["upgrade"]>>;

/** The hooks of an app. Their `upgrade` also gets the session. */
export interface SessionHooks<Data = SessionData> extends Omit<Partial<Hooks>, "upgrade"> {
  /**
   * Runs before the handshake is answered. The session can still be changed: changes are sent as
   * Set-Cookie on the 101. To deny the handshake, return or throw a Response.
   */
  upgrade?(request: UpgradeRequest, session: SessionOf<Data>): MaybePromise<UpgradeResult>;
}

/** Settings of {@link session}, besides the options of sessions. */
export interface CrosswsSettings<Data = SessionData> {
  /** Called after the socket's session was changed elsewhere. It already has the change. */
  readonly changed?: (session: SessionOf<Data>, peer: Peer) => void;
  /**
   * Describes the client's connection. Default: what the server behind the request knows. On Node
   * without srvx that is only the URL, for which crossws believes `X-Forwarded-Proto`.
   */
  readonly connection?: (request: Request) => ConnectionFacts;
}

/** What is kept of a socket after its handshake. */
interface Live {
  readonly isPage: boolean;
  handle?: LiveHandle | undefined;
}

/**
 * Sessions for crossws 0.4 and 0.3. Wraps hooks: checks the Origin, opens the session, sends its
 * cookie on the 101, and ties the socket to it. The socket is closed with 1008 when the session
 * ends or expires, and follows changes made elsewhere. {@link sessionOf} returns the session of a
 * peer.
 *
 * @param given options, or the sessions of the HTTP server
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * const ws = crossws({ hooks: session(sessions)({
 *   message(peer, message) { peer.send(`${sessionOf(peer).name}: ${message.text()}`); },
 * }) });
 * ```
 */
export function session<Data = SessionData>(
  given: SessionsOrOptions<Data>,
  settings: CrosswsSettings<Data> = {},
): (hooks: SessionHooks<Data>) => Partial<Hooks> {
  const sessions = live(toSessions(given));
  const lives = new WeakMap<SessionContext<Data>, Live>();
  const liveOf = (peer: Peer) => lives.get(contextOf<Data>(peer));

  return (hooks) => {
    async function answer(request: UpgradeRequest): Promise<UpgradeResult> {
      const { connection } = settings;
      const facts = connection
        ? new FetchFacts(request, () => connection(request))
        : (oldFacts(request) ?? factsOf(request));
      const opened = sessions.open(request.headers.get("cookie"), facts);
      const refused = denyHandshake(sessions, facts) ?? (await openHandshake(opened));
      if (refused !== undefined) return toResponse(refused);
      const result = await resultOf(hooks, request, opened.session);
      if (result instanceof Response) return withCommit(result, await opened.commit());
      assertSendable(opened);
      const offered = offeredProtocols(request.headers.get("sec-websocket-protocol"));
      const { protocol, isLive } = negotiate(offered, result?.protocol);
      const headers = new Headers(result?.headers);
      for (const cookie of await commitHandshake(opened)) headers.append("set-cookie", cookie);
      rememberSession(opened, opened.session);
      lives.set(opened, { isPage: isLive });
      const context = { ...result?.context, session: opened.session };
      // crossws 0.3 ignores a context in a hook's result. Its peers have the request's context.
      const { context: given } = request as { context?: object };
      if (given !== undefined) Object.assign(given, context);
      return { ...result, headers, context, ...(protocol !== undefined && { protocol }) };
    }

    return {
      ...hooks,

      async upgrade(request) {
        try {
          return await answer(request);
        } catch (error) {
          return toResponse(failureReply(error));
        }
      },

      open(peer) {
        const context = contextOf<Data>(peer);
        const live = lives.get(context);
        if (live !== undefined) {
          live.handle = attachSocket(context, {
            close: (code, reason) => peer.close(code, reason),
            changed: () => settings.changed?.(context.session, peer),
            control: live.isPage ? escapeSends(peer) : undefined,
          });
        }
        return hooks.open?.(peer);
      },

      message(peer, message) {
        const live = liveOf(peer);
        const text = live?.isPage === true ? textOf(peer, message.rawData) : undefined;
        if (text !== undefined) {
          const frame = readFrame(text);
          if ("control" in frame) {
            live?.handle?.receive(frame.control);
            return undefined;
          }
          // Read-only for apps, and not read yet.
          Object.defineProperty(message, "rawData", { value: frame.message });
        }
        return hooks.message?.(peer, message);
      },

      close(peer, details) {
        liveOf(peer)?.handle?.detach();
        return hooks.close?.(peer, details);
      },
    };
  };
}

/**
 * Returns the session of a peer.
 *
 * @throws SessionError `ERR_SESSION_SETUP` if its handshake did not come through {@link session}
 * @example
 * ```ts
 * await update(sessionOf(peer), (draft) => { draft.lastId = 7; });
 * ```
 */
export function sessionOf<Data = SessionData>(peer: Peer): SessionOf<Data> {
  return contextOf<Data>(peer).session;
}

function contextOf<Data>(peer: Peer): SessionContext<Data> {
  // A peer without our session is in no map either.
  const { session: of = peer } = peer.context as { session?: object };
  return recallSession<Data>(of, "The session of this peer");
}

/** Returns the result of the app's hook. A thrown Response counts as returned. */
async function resultOf<Data>(
  hooks: SessionHooks<Data>,
  request: UpgradeRequest,
  of: SessionOf<Data>,
): Promise<UpgradeResult> {
  try {
    return await hooks.upgrade?.(request, of);
  } catch (error) {
    const { response = error } = error as { response?: unknown };
    if (response instanceof Response) return response;
    throw error;
  }
}

/** On Node, crossws 0.3 passes a substitute for a request that holds Node's own. */
function oldFacts(request: UpgradeRequest): NodeFacts | undefined {
  const { _req } = request as { _req?: NodeRequest };
  return _req && new NodeFacts(_req);
}

/**
 * Returns the text of a message. On Node, crossws 0.3 passes it as bytes, and its peers have no
 * namespace.
 */
function textOf(peer: Peer, data: unknown): string | undefined {
  if (typeof data === "string") return data;
  const isOld = !("namespace" in peer) && data instanceof Uint8Array && data[0] === 0;
  return isOld ? new TextDecoder().decode(data) : undefined;
}

/** Escapes messages of the app that look like control frames. */
function escapeSends(peer: Peer): (frame: string) => void {
  const send = peer.send.bind(peer);
  peer.send = (data, options) =>
    send(typeof data === "string" ? escapeMessage(data) : data, options);
  return (frame) => void send(frame);
}
