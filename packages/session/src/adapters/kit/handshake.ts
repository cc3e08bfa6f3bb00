import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { joinCommits } from "../../cookie/headers.ts";
import { acrossCopies } from "../../copies.ts";
import type { Sessions } from "../../engine.ts";
import { SessionError } from "../../errors.ts";
import type { MaybePromise } from "../../maybe.ts";
import type { SessionContext } from "../../session/context.ts";
import type { SessionOf } from "../../session/data.ts";
import type { RequestFacts } from "../../session/request.ts";
import { warn } from "../../warn.ts";
import { exposeSession } from "./expose.ts";
import { NodeFacts } from "./node-facts.ts";
import { deniedReply, headersOf, reasonOf, type DeniedReply, type Reply } from "./reply.ts";
import { tooEarlyError } from "./given.ts";

/** What the checks of a WebSocket handshake need: the sessions, and the facts about the request. */
export interface Judged<Data> {
  readonly sessions: Sessions<Data>;
  readonly facts: RequestFacts;
}

/**
 * True if a request asks for a WebSocket: a GET with `Upgrade: websocket` (RFC 6455 §4.1), or an
 * extended CONNECT of HTTP/2 and HTTP/3 (RFC 8441, RFC 9220).
 *
 * The header `Connection` is ignored: some runtimes remove it, and HTTP/2 forbids it. No page can
 * set `Upgrade`, so a request that only looks like a handshake does not come from a browser.
 *
 * @example
 * ```ts
 * const denial = asksForSocket(facts) ? sessions.checkHandshake(facts) : sessions.check(facts);
 * ```
 */
export function asksForSocket(facts: RequestFacts): boolean {
  const { method } = facts;
  if (method === "GET") {
    const upgrade = facts.header("upgrade");
    return upgrade !== undefined && /(?:^|,)\s*websocket\s*(?:\/[^,]*)?(?:,|$)/i.test(upgrade);
  }
  return method === "CONNECT" && facts.header(":protocol") !== undefined;
}

/**
 * What the app's hook `handshake` returns. Undefined or true accepts the handshake; false denies it
 * with 401, and a number with that status.
 */
export type Verdict = void | boolean | number;

/** The app's settings for WebSocket handshakes. */
export interface HandshakeSettings<Data> {
  /**
   * Runs before the handshake is answered. The session can still be changed; its cookies are sent
   * with the 101. Return false to deny the handshake with 401, or a number to deny it with that
   * status.
   */
  readonly handshake?: (
    session: SessionOf<Data>,
    req: IncomingMessage,
  ) => Verdict | Promise<Verdict>;
}

/**
 * Checks the Origin of a handshake, before the session is read.
 *
 * @returns the reply that denies the handshake; `undefined` accepts it
 * @example
 * ```ts
 * server.on("upgrade", (req, socket) => {
 *   const denied = denyHandshake(sessions, new NodeFacts(req));
 *   if (denied !== undefined) answerUpgrade(socket, denied);
 * });
 * ```
 */
export function denyHandshake<Data>(
  sessions: Sessions<Data>,
  facts: RequestFacts,
): DeniedReply | undefined {
  const denial = sessions.checkHandshake(facts);
  return denial && deniedReply(denial);
}

/**
 * Loads the session of a handshake, and lets the app change it or deny the handshake.
 *
 * @returns the reply that denies the handshake; `undefined` accepts it
 * @example
 * ```ts
 * const denied = await openHandshake(context, () => context.session.userId !== undefined);
 * ```
 */
export async function openHandshake<Data>(
  context: SessionContext<Data>,
  hook?: () => MaybePromise<Verdict>,
): Promise<Reply | undefined> {
  await context.load();
  // Opens the session here, so that an error of the store fails the handshake, not later code.
  void context.state;
  const verdict = await hook?.();
  if (verdict === undefined || verdict === true) return undefined;
  const status = verdict === false ? 401 : verdict;
  const body = JSON.stringify({ error: reasonOf(status) });
  return { status, body, commit: await context.commit() };
}

/**
 * Loads several sessions of one handshake, and lets the app change them or deny the handshake.
 *
 * @param hook is called once, after all sessions are loaded
 */
export async function openHandshakes<Data>(
  contexts: readonly SessionContext<Data>[],
  hook?: () => MaybePromise<Verdict>,
): Promise<Reply | undefined> {
  const [first, ...others] = contexts;
  for (const context of others) await openHandshake(context);
  const denied = await openHandshake(first!, hook);
  if (denied?.commit === undefined || others.length === 0) return denied;
  const more = await Promise.all(others.map((context) => context.commit()));
  return { ...denied, commit: joinCommits([denied.commit, ...more]) };
}

/**
 * Saves the session of a handshake and returns the cookies for the 101. Afterwards only `update`
 * can change the session, and only if a socket is attached to it.
 *
 * @throws SessionError the errors of `context.commit()`
 * @example
 * ```ts
 * const setCookie = await commitHandshake(context);
 * ```
 */
export function commitHandshake<Data>(
  context: SessionContext<Data>,
): MaybePromise<readonly string[]> {
  let isWaiting = false;
  try {
    const commit = context.commit();
    if (!(commit instanceof Promise)) return commit.setCookie;
    isWaiting = true;
    return commit.then(({ setCookie }) => setCookie).finally(() => context.handshakeSent());
  } finally {
    if (!isWaiting) context.handshakeSent();
  }
}

type Contexts = WeakMap<object, SessionContext<never>>;
const contexts = /* @__PURE__ */ acrossCopies("contexts", (): Contexts => new WeakMap());

function contextsOf(property: string): Contexts {
  if (property === "session") return contexts;
  return acrossCopies(`contexts.${property}`, (): Contexts => new WeakMap());
}

/**
 * Stores the session of a request or a socket, so that `sessionOf` finds it.
 *
 * @example
 * ```ts
 * rememberSession(context, request, socket);
 * ```
 */
export function rememberSession<Data>(context: SessionContext<Data>, ...keys: object[]): void {
  const known = contextsOf(context.settings.property);
  for (const key of keys) known.set(key, context as unknown as SessionContext<never>);
}

/**
 * Returns the session context that {@link rememberSession} stored for a request or socket;
 * `undefined` if there is none.
 */
export function liveContextOf(
  key: object,
  property = "session",
): SessionContext<never> | undefined {
  return contextsOf(property).get(key);
}

/**
 * Returns the session that {@link rememberSession} stored for a request or socket.
 *
 * @param where names the object in the error, as in "The session of this socket"
 * @param property the property name of the session
 * @throws SessionError `ERR_SESSION_SETUP` if none was stored
 * @example
 * ```ts
 * const { session } = recallSession(socket, "The session of this socket");
 * ```
 */
export function recallSession<Data>(
  key: object,
  where: string,
  property = "session",
): SessionContext<Data> {
  const context = liveContextOf(key, property);
  if (context === undefined) throw tooEarlyError(where);
  return context as unknown as SessionContext<Data>;
}

/**
 * Makes the session a property of a request or socket, and lets `sessionOf` find the session.
 *
 * @example
 * ```ts
 * exposeSocketSession(socket, context); // socket.session
 * ```
 */
export function exposeSocketSession<Data>(target: object, context: SessionContext<Data>): void {
  rememberSession(context, target);
  exposeSession(target, context);
}

/**
 * Answers a handshake with an HTTP response and closes the connection (RFC 6455 §4.2.2). Node's
 * event `upgrade` has no response object, so the response is written to the socket.
 *
 * @example
 * ```ts
 * server.on("upgrade", (_req, socket) => answerUpgrade(socket, failureReply(error)));
 * ```
 */
export function answerUpgrade(socket: Duplex, reply: Reply): void {
  if (socket.destroyed) return;
  const { status, body, commit } = reply;
  const head = [
    `HTTP/1.1 ${status} ${reasonOf(status)}`,
    "Connection: close",
    ...Object.entries(headersOf(reply)).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(commit?.setCookie ?? []).map((cookie) => `Set-Cookie: ${cookie}`),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

/**
 * Makes the reply to a handshake that failed on the server. The operator gets the reason as a
 * process warning; the client gets only the status.
 *
 * @example
 * ```ts
 * failureReply(new Error("The disk is full.")).status; // 500
 * ```
 */
export function failureReply(error: unknown): Reply {
  warn(error);
  const status = error instanceof SessionError && error.status >= 500 ? error.status : 500;
  return { status, body: JSON.stringify({ error: reasonOf(status) }) };
}

/**
 * Opens the session of a handshake, if the app calls the middleware in a server's `upgrade` event.
 * The session is read-only, because there is no response to carry a cookie.
 *
 * @returns true if the handshake may go on, false if it was answered. Never rejects.
 */
export async function openForHandshake<Data>(
  sessions: Sessions<Data>,
  req: IncomingMessage,
): Promise<boolean> {
  try {
    const facts = new NodeFacts(req);
    const context = sessions.open(req.headers.cookie, facts);
    const denied = denyHandshake(sessions, facts) ?? (await openHandshake(context));
    if (denied !== undefined) {
      answerUpgrade(req.socket, denied);
      return false;
    }
    await commitHandshake(context);
    exposeSocketSession(req, context);
    return true;
  } catch (error) {
    // Apps do not handle errors of a middleware in `upgrade`, so the handshake is answered here.
    answerUpgrade(req.socket, failureReply(error));
    return false;
  }
}
