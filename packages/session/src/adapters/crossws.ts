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

/** The hooks of an app, whose `upgrade` is given the session. */
export interface SessionHooks<Data = SessionData> extends Omit<Partial<Hooks>, "upgrade"> {
  /**
   * Runs before the handshake is answered, while the session can still be changed: what is changed
   * goes out as Set-Cookie on the 101. To refuse, return or throw a Response.
   */
  upgrade?(request: UpgradeRequest, session: SessionOf<Data>): MaybePromise<UpgradeResult>;
}

/** What {@link session} may be told beside the options of sessions. */
export interface CrosswsSettings<Data = SessionData> {
  /** Called after the socket's session was changed elsewhere; it has the change already. */
  readonly changed?: (session: SessionOf<Data>, peer: Peer) => void;
  /**
   * The client's connection. Default: what the server behind the request tells; on Node without
   * srvx that is its URL alone, for which crossws believes `X-Forwarded-Proto`.
   */
  readonly connection?: (request: Request) => ConnectionFacts;
}

/** What a socket is known by after its handshake. */
interface Live {
  readonly isPage: boolean;
  handle?: LiveHandle | undefined;
}

/**
 * Sessions for crossws 0.4 and 0.3. Wraps hooks: checks the Origin, opens the session, sends its cookie on
 * the 101, and ties the socket to it: it is closed with 1008 when the session ends or expires, and
 * sees what is changed elsewhere. {@link sessionOf} gives the session of a peer.
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
      // crossws 0.3 takes no context of a hook's result; peers have that of the request.
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
          // Read-only for apps, and nothing has read it yet.
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
 * The session of a peer.
 *
 * @throws SessionError `ERR_SESSION_SETUP` where its handshake did not come through {@link session}
 * @example
 * ```ts
 * await update(sessionOf(peer), (draft) => { draft.lastId = 7; });
 * ```
 */
export function sessionOf<Data = SessionData>(peer: Peer): SessionOf<Data> {
  return contextOf<Data>(peer).session;
}

function contextOf<Data>(peer: Peer): SessionContext<Data> {
  // A peer without a session of ours is found in no map either.
  const { session: of = peer } = peer.context as { session?: object };
  return recallSession<Data>(of, "The session of this peer");
}

/** What the app's hook says. A Response that it throws is one that it returns. */
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

/** On Node crossws 0.3 gives a stand-in for a request, with Node's own behind it. */
function oldFacts(request: UpgradeRequest): NodeFacts | undefined {
  const { _req } = request as { _req?: NodeRequest };
  return _req && new NodeFacts(_req);
}

/** The text of a message. crossws 0.3 gives bytes of it on Node, and its peers have no namespace. */
function textOf(peer: Peer, data: unknown): string | undefined {
  if (typeof data === "string") return data;
  const isOld = !("namespace" in peer) && data instanceof Uint8Array && data[0] === 0;
  return isOld ? new TextDecoder().decode(data) : undefined;
}

/** Messages of the app that look like control frames are told apart from them. */
function escapeSends(peer: Peer): (frame: string) => void {
  const send = peer.send.bind(peer);
  peer.send = (data, options) =>
    send(typeof data === "string" ? escapeMessage(data) : data, options);
  return (frame) => void send(frame);
}
