import { UNTOUCHED, type Commit } from "../../cookie/headers.ts";
import type { Sessions } from "../../engine.ts";
import { when, type MaybePromise } from "../../maybe.ts";
import type { SessionContext } from "../../session/context.ts";
import type { SessionData, SessionOf } from "../../session/data.ts";
import type { RequestFacts } from "../../session/request.ts";
import { SessionError } from "../../errors.ts";
import { throwCommitted, throwUnattached } from "../../session/late-writes.ts";
import { begin, commitResponse, type Incoming } from "./begin.ts";
import type { Holder } from "./expose.ts";
import { peekFetchBody } from "./fetch-body.ts";
import { factsOf, type ServedRequest } from "./fetch-facts.ts";
import { toResponse, withCommit } from "./fetch-response.ts";
import { asksForSocket } from "./handshake.ts";

/**
 * Replaces what {@link FetchSession} reads from its `Request`, for frameworks that know more about
 * the request.
 */
export interface FetchSources {
  /**
   * The method, URL, headers and connection of the request. Default: the result of {@link factsOf}.
   */
  readonly facts?: RequestFacts | undefined;
  /**
   * Reads the body of the request and leaves it readable for the handler. Default: reads a clone of
   * the Request.
   */
  readonly readBody?: (() => Promise<Uint8Array | undefined>) | undefined;
}

/**
 * The session of one Fetch `Request`, from the cross-site check to the Set-Cookie headers. Without
 * a store, a session that the handler does not use is not even opened.
 *
 * @example
 * ```ts
 * const serve = async (request: Request): Promise<Response> => {
 *   const held = new FetchSession(sessions, request);
 *   const reply = await held.begin();
 *   return reply ?? held.finish(Response.json(held.session));
 * };
 * ```
 */
export class FetchSession<Data = SessionData> implements Incoming<Data>, Holder<Data> {
  readonly sessions: Sessions<Data>;
  readonly request: ServedRequest;
  readonly facts: RequestFacts;
  readonly #read: () => Promise<Uint8Array | undefined>;
  #context: SessionContext<Data> | undefined;
  /**
   * The cookies and headers of a handshake whose session is already saved. This happens when a
   * socket is tied to the session, before the response is made.
   */
  #owed: Commit | undefined;
  #isAnswered = false;
  #isHandshake: boolean | undefined;

  constructor(sessions: Sessions<Data>, request: ServedRequest, sources: FetchSources = {}) {
    this.sessions = sessions;
    this.request = request;
    this.facts = sources.facts ?? factsOf(request);
    this.#read = sources.readBody ?? (() => peekFetchBody(request));
  }

  get isHandshake(): boolean {
    return (this.#isHandshake ??= asksForSocket(this.facts));
  }

  get session(): SessionOf<Data> {
    return this.context.session;
  }

  set session(value: SessionOf<Data> | null) {
    this.context.session = value;
  }

  /** The session of the request, and what is needed to save it. Opened at the first use. */
  get context(): SessionContext<Data> {
    return (this.#context ??= this.#open());
  }

  readBody(): Promise<Uint8Array | undefined> {
    return this.#read();
  }

  /**
   * Checks the request before its handler runs, as {@link begin} does for all adapters.
   *
   * @returns the response to send instead of calling the handler; `undefined` accepts the request
   */
  begin(): MaybePromise<Response | undefined> {
    return when(begin(this), (reply) => reply && toResponse(reply));
  }

  /** Saves the session and returns the headers that its response needs. */
  commit(): MaybePromise<Commit> {
    this.#isAnswered = true;
    if (this.#context === undefined) return UNTOUCHED;
    if (this.#owed !== undefined) return this.#owed;
    return when(commitResponse(this), (commit) => {
      if (this.isHandshake) this.#owed = commit;
      return commit;
    });
  }

  /**
   * Saves the session of a handshake and returns its cookies. The caller must send the cookies: a
   * later call of `finish` adds none to its response.
   */
  handOver(): MaybePromise<Commit> {
    return when(this.commit(), (commit) => {
      this.#owed = UNTOUCHED;
      return commit;
    });
  }

  /** Ends a handshake without a cookie, so the session is neither changed nor prolonged. */
  skip(): void {
    this.#isAnswered = true;
    this.#owed = UNTOUCHED;
    this.context.close(throwUnattached);
  }

  /**
   * Saves the session of a request that the runtime answers by itself. No response can carry a
   * cookie, so only a session in a store can be saved.
   *
   * @throws SessionError `ERR_SESSION_RUNTIME` if a change would be lost
   */
  async release(): Promise<void> {
    const context = this.#context;
    this.#isAnswered = true;
    if (context?.isOpen !== true) return;
    if (!context.accessed) return context.close(throwUnattached);
    const { loaded, sid } = context.state;
    const isKept = this.sessions.shared.store !== undefined && !loaded.isNew && sid === loaded.sid;
    const isLost = context.isChanged && !isKept;
    if (isKept) await context.commit();
    context.close(throwUnattached);
    if (isLost) throw changeLost();
  }

  /** Saves the session and adds its cookies and headers to a response. */
  finish(response: Response): MaybePromise<Response> {
    return when(this.commit(), (commit) => withCommit(response, commit));
  }

  #open(): SessionContext<Data> {
    const context = this.sessions.open(this.facts.header("cookie"), this.facts);
    // Too late for a cookie: a write must throw now.
    if (this.#isAnswered) context.close(this.isHandshake ? throwUnattached : throwCommitted);
    return context;
  }
}

/**
 * Makes the error for a change of the session that is lost because no response can carry the
 * cookie.
 */
function changeLost(): SessionError<"ERR_SESSION_RUNTIME"> {
  return new SessionError(
    "ERR_SESSION_RUNTIME",
    "A handler changed its session and returned no response, so the change was lost. Change the session in an HTTP request, or serve the socket with an adapter for sockets.",
  );
}
