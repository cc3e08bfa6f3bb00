import type { Commit } from "../../cookie/headers.ts";
import type { MaybePromise } from "../../maybe.ts";
import type { SessionContext } from "../../session/context.ts";
import type { SessionData } from "../../session/data.ts";
import type { Endpoint } from "../../session/ports.ts";
import { throwUnattached } from "../../session/late-writes.ts";
import { asksForSocket, type Judged } from "./handshake.ts";
import { deniedReply, type DeniedReply, type Reply } from "./reply.ts";

/** The parts of a request that {@link begin} needs. */
export interface Incoming<Data = SessionData> extends Judged<Data> {
  /**
   * The framework's or runtime's own object for the request. All sessions of one request share it.
   */
  readonly request?: object;
  /** True if the request asks for a WebSocket. Default: the result of {@link asksForSocket}. */
  readonly isHandshake?: boolean;
  /** The session of the request, and what is needed to save it. Opened at the first use. */
  readonly context: SessionContext<Data>;
  /**
   * Reads the body of the request and leaves it readable for the handler; `undefined` above 1 MiB.
   */
  readBody(): Promise<Uint8Array | undefined>;
}

/**
 * Prepares a request for its handler: checks that no other site sent it, answers requests to
 * Galleta's own endpoints, checks the CSRF token, and loads the session from a store.
 *
 * @returns the response to send instead of calling the handler; `undefined` accepts the request.
 *   The result is a promise only if there is a store, a CSRF token to check, or a request to an
 *   endpoint of Galleta
 * @example
 * ```ts
 * const denied = async (request: Request) => {
 *   const reply = await begin(new FetchSession(sessions, request));
 *   return reply && toResponse(reply);
 * };
 * ```
 */
export function begin<Data>(
  incoming: Incoming<Data>,
): MaybePromise<Reply | DeniedReply | undefined> {
  const { sessions, facts, isHandshake = asksForSocket(facts) } = incoming;
  const endpoint = isHandshake ? undefined : sessions.endpointOf(facts);
  const outcome = check(incoming, isHandshake, endpoint);
  if (typeof outcome === "object") return deniedReply(outcome);
  // Galleta's endpoints need no CSRF token: a request for one contains a secret, such as a ticket.
  if (endpoint !== undefined) return answer(endpoint, incoming);
  if (outcome === "needs-token") return checkToken(incoming);
  return sessions.loads ? (incoming.context.load() as Promise<undefined> | undefined) : undefined;
}

function check<Data>(
  { sessions, facts }: Incoming<Data>,
  isHandshake: boolean,
  endpoint: Endpoint | undefined,
) {
  if (isHandshake) return sessions.checkHandshake(facts);
  return endpoint?.fromAnySite === true ? sessions.checkHost(facts) : sessions.check(facts);
}

async function answer<Data>(endpoint: Endpoint, incoming: Incoming<Data>): Promise<Reply> {
  const { sessions, facts } = incoming;
  const body = await incoming.readBody();
  // The endpoint gets a context of its own, whose cookies are in its reply. The context of
  // `incoming` stays unused, so that it is not committed as well.
  const context = sessions.open(facts.header("cookie"), facts);
  await context.load();
  return endpoint.answer(context as never, facts, body);
}

/**
 * Requests whose CSRF token was accepted for one of their sessions. The other sessions do not check
 * the token again.
 */
const proven = /* @__PURE__ */ new WeakSet<object>();

async function checkToken<Data>(incoming: Incoming<Data>): Promise<DeniedReply | undefined> {
  const { sessions, facts, context, request } = incoming;
  await context.load();
  // A request sends only one CSRF token. If its first session accepts it, the others do not check.
  if (request !== undefined && proven.has(request)) return undefined;
  const denial = await sessions.checkToken(facts, context, () => incoming.readBody());
  if (denial !== undefined) return deniedReply(denial);
  if (request !== undefined && !context.state.loaded.isNew) proven.add(request);
  return undefined;
}

/**
 * Saves the session right before the headers of its response are sent. Later writes to the session
 * throw. If the request is a WebSocket handshake, their error recommends an adapter for sockets.
 */
export function commitResponse<Data>({
  context,
  facts,
  isHandshake = asksForSocket(facts),
}: Incoming<Data>): MaybePromise<Commit> {
  const commit = context.commit();
  if (isHandshake) context.close(throwUnattached);
  return commit;
}
