import type { Hooks, Peer } from "crossws";
import { attachSocket } from "../live/live.ts";
import {
  escapeMessage,
  negotiate,
  offeredProtocols,
  readFrame,
  type LiveHandle,
} from "../live/socket.ts";
import { assertSendable } from "./kit/sockets/handshake-cookies.ts";
import { joinCommits } from "../cookie/headers.ts";
import type { MaybePromise } from "../maybe.ts";
import type { SessionContext } from "../session/context.ts";
import type { OtherProperties, SessionData, SessionOf } from "../session/data.ts";
import { factsOf, FetchFacts, type ConnectionFacts } from "./kit/fetch-facts.ts";
import { NodeFacts, type NodeRequest } from "./kit/node-facts.ts";
import { toResponse, withCommit } from "./kit/fetch-response.ts";
import {
  commitHandshake,
  openHandshakes,
  failureReply,
  recallSession,
  denyHandshake,
  rememberSession,
} from "./kit/handshake.ts";
import { lazySeveral, type OneOrSeveral } from "./kit/sockets/several.ts";

type UpgradeRequest = Parameters<Hooks["upgrade"]>[0];
type UpgradeResult = Awaited<ReturnType<Hooks["upgrade"]>>;

/** The hooks that an app passes to crossws. The hook `upgrade` also gets the session. */
export interface SessionHooks<Data = SessionData> extends Omit<Partial<Hooks>, "upgrade"> {
  /**
   * Runs before the handshake is answered. The session can still be changed: changes are sent as
   * Set-Cookie on the 101. To deny the handshake, return or throw a Response.
   *
   * @param all all sessions of the handshake, each under the name in its option `property`
   */
  upgrade?(
    request: UpgradeRequest,
    session: SessionOf<Data>,
    all: OtherProperties,
  ): MaybePromise<UpgradeResult>;
}

/** Settings for {@link session}, in addition to the session options. */
export interface CrosswsSettings<Data = SessionData> {
  /**
   * Called when an HTTP request, another socket or another process changed the session. `session`
   * already has the new data.
   */
  readonly changed?: (session: SessionOf<Data>, peer: Peer) => void;
  /**
   * Returns the client's address, and whether its connection uses TLS. Default: both are taken from
   * the server that received the request. On Node without srvx only the URL is known, whose scheme
   * crossws takes from `X-Forwarded-Proto`.
   */
  readonly connection?: (request: Request) => ConnectionFacts;
}

/** The sessions of an open socket, and what the adapter needs to update them. */
interface Live<Data> {
  /**
   * True if the page uses `@galleta/session/client`, which exchanges messages of its own with the
   * adapter.
   */
  readonly isPage: boolean;
  readonly contexts: readonly SessionContext<Data>[];
  readonly handles: LiveHandle[];
}

/**
 * Sessions for crossws 0.4 and 0.3. Wraps an app's hooks: checks the Origin, opens the session,
 * sends its cookie with the 101, and closes the socket with 1008 when the session ends or expires.
 * {@link sessionOf} returns the session of a peer, with the changes that other requests made.
 *
 * @param given options, or sessions shared with the HTTP server; a list for several sessions
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 * @example
 * ```ts
 * const ws = crossws({ hooks: session(sessions)({
 *   message(peer, message) { peer.send(`${sessionOf(peer).name}: ${message.text()}`); },
 * }) });
 * ```
 */
export function session<Data = SessionData>(
  given: OneOrSeveral<Data>,
  settings: CrosswsSettings<Data> = {},
): (hooks: SessionHooks<Data>) => Partial<Hooks> {
  const lazy = lazySeveral(given);
  // The keys are the contexts of each socket's first session.
  const lives = new WeakMap<SessionContext<Data>, Live<Data>>();
  const liveOf = (peer: Peer) => lives.get(contextOf<Data>(peer, lazy()[0]!.property));

  return (hooks) => {
    async function answer(request: UpgradeRequest): Promise<UpgradeResult> {
      const all = lazy();
      const { connection } = settings;
      const facts = connection
        ? new FetchFacts(request, () => connection(request))
        : (oldFacts(request) ?? factsOf(request));
      for (const sessions of all) {
        const denied = denyHandshake(sessions, facts);
        if (denied !== undefined) return toResponse(denied);
      }
      const cookies = request.headers.get("cookie");
      const contexts = all.map((sessions) => sessions.open(cookies, facts));
      await openHandshakes(contexts);
      const held = Object.fromEntries(
        contexts.map((each) => [each.settings.property, each.session]),
      );
      const result = await resultOf(hooks, request, contexts[0]!.session, held);
      if (result instanceof Response) {
        return withCommit(
          result,
          joinCommits(await Promise.all(contexts.map((each) => each.commit()))),
        );
      }
      for (const each of contexts) assertSendable(each);
      const offered = offeredProtocols(request.headers.get("sec-websocket-protocol"));
      const { protocol, isLive } = negotiate(offered, result?.protocol);
      const headers = new Headers(result?.headers);
      // crossws 0.3 has no other way to choose a subprotocol. On Node its server takes the first
      // one offered.
      if ("Bun" in globalThis && protocol !== undefined) {
        headers.set("sec-websocket-protocol", protocol);
      }
      for (const cookie of (await Promise.all(contexts.map(commitHandshake))).flat()) {
        headers.append("set-cookie", cookie);
      }
      for (const each of contexts) rememberSession(each, each.session);
      lives.set(contexts[0]!, { isPage: isLive, contexts, handles: [] });
      const context = { ...result?.context, ...held };
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
        const live = liveOf(peer);
        const control = live?.isPage === true ? escapeSends(peer) : undefined;
        for (const context of live?.contexts ?? []) {
          const handle = attachSocket(context, {
            close: (code, reason) => peer.close(code, reason),
            changed: () => settings.changed?.(context.session, peer),
            control,
          });
          if (handle !== undefined) live!.handles.push(handle);
        }
        return hooks.open?.(peer);
      },

      message(peer, message) {
        const live = liveOf(peer);
        const text = live?.isPage === true ? textOf(peer, message.rawData) : undefined;
        if (text !== undefined) {
          const frame = readFrame(text);
          if ("control" in frame) {
            // A page answers the ticket of one session. All sessions get the answer, and only the
            // one that made the ticket accepts it.
            for (const handle of live!.handles) handle.receive(frame.control);
            return undefined;
          }
          // `rawData` is read-only, so it must be redefined. No code has read it yet.
          Object.defineProperty(message, "rawData", { value: frame.message });
        }
        for (const handle of live?.handles ?? []) handle.active();
        return hooks.message?.(peer, message);
      },

      close(peer, details) {
        for (const handle of liveOf(peer)?.handles ?? []) handle.detach();
        return hooks.close?.(peer, details);
      },
    };
  };
}

/**
 * Returns the session of a crossws peer.
 *
 * @param property the option `property` of the session, if it is not `session`
 * @throws SessionError `ERR_SESSION_SETUP` if the peer's handshake did not come through
 *   {@link session}
 * @example
 * ```ts
 * await update(sessionOf(peer), (draft) => { draft.lastId = 7; });
 * ```
 */
export function sessionOf<Data = SessionData>(peer: Peer, property = "session"): SessionOf<Data> {
  return contextOf<Data>(peer, property).session;
}

function contextOf<Data>(peer: Peer, property: string): SessionContext<Data> {
  // Without our session, `of` is the peer or an object of the app: recallSession throws for both.
  const { [property]: of = peer } = peer.context as Record<string, object | undefined>;
  return recallSession<Data>(of, "The session of this peer", property);
}

/**
 * Runs the app's hook `upgrade` and returns its result. If the hook throws a Response, that is the
 * result.
 */
async function resultOf<Data>(
  hooks: SessionHooks<Data>,
  request: UpgradeRequest,
  of: SessionOf<Data>,
  held: Readonly<Record<string, object>>,
): Promise<UpgradeResult> {
  try {
    return await hooks.upgrade?.(request, of, held as OtherProperties);
  } catch (error) {
    const { response = error } = error as { response?: unknown };
    if (response instanceof Response) return response;
    throw error;
  }
}

/**
 * Returns the method, URL, headers and connection of Node's request, which crossws 0.3 wraps in an
 * object of its own.
 */
function oldFacts(request: UpgradeRequest): NodeFacts | undefined {
  const { _req } = request as { _req?: NodeRequest };
  return _req && new NodeFacts(_req);
}

/**
 * Returns the text of a message; `undefined` for a binary message. On Node, crossws 0.3, whose
 * peers have no `namespace`, also passes texts as bytes. Bytes that start with 0 are then decoded,
 * because messages of Galleta's client start with 0.
 */
function textOf(peer: Peer, data: unknown): string | undefined {
  if (typeof data === "string") return data;
  const isOld = !("namespace" in peer) && data instanceof Uint8Array && data[0] === 0;
  return isOld ? new TextDecoder().decode(data) : undefined;
}

/**
 * Makes `peer.send` escape texts of the app that look like messages to Galleta's client (Galleta
 * frames).
 *
 * @returns a function that sends such a frame
 */
function escapeSends(peer: Peer): (frame: string) => void {
  const send = peer.send.bind(peer);
  peer.send = (data, options) =>
    send(typeof data === "string" ? escapeMessage(data) : data, options);
  return (frame) => void send(frame);
}
