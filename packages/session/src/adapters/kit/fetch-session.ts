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

/** What is known of a Fetch `Request` beside itself. */
export interface FetchSources {
  /** Default: what {@link factsOf} gives. */
  readonly facts?: RequestFacts | undefined;
  /** Reads the body and leaves it for the handler. Default: reads a clone of the Request. */
  readonly readBody?: (() => Promise<Uint8Array | undefined>) | undefined;
}

/**
 * The session of one Fetch `Request`, from its check to its Set-Cookie. Untouched, it costs nothing.
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
  readonly facts: RequestFacts;
  readonly #read: () => Promise<Uint8Array | undefined>;
  #context: SessionContext<Data> | undefined;
  /** What the answer to a handshake owes: its socket may be open when that goes out. */
  #owed: Commit | undefined;
  #isAnswered = false;

  constructor(sessions: Sessions<Data>, request: ServedRequest, sources: FetchSources = {}) {
    this.sessions = sessions;
    this.facts = sources.facts ?? factsOf(request);
    this.#read = sources.readBody ?? (() => peekFetchBody(request));
  }

  get session(): SessionOf<Data> {
    return this.context.session;
  }

  set session(value: SessionOf<Data> | null) {
    this.context.session = value;
  }

  /** Opened at its first use. */
  get context(): SessionContext<Data> {
    return (this.#context ??= this.#open());
  }

  readBody(): Promise<Uint8Array | undefined> {
    return this.#read();
  }

  /**
   * What comes before the handler; see {@link begin}.
   *
   * @returns what is answered in the handler's place; `undefined` where the request may go on
   */
  begin(): MaybePromise<Response | undefined> {
    return when(begin(this), (reply) => reply && toResponse(reply));
  }

  /** What the response owes to the session. */
  commit(): MaybePromise<Commit> {
    this.#isAnswered = true;
    if (this.#context === undefined) return UNTOUCHED;
    if (this.#owed !== undefined) return this.#owed;
    return when(commitResponse(this), (commit) => {
      if (asksForSocket(this.facts)) this.#owed = commit;
      return commit;
    });
  }

  /** The same for a handshake whose answer gets its cookies in another way: the response owes none. */
  handOver(): MaybePromise<Commit> {
    return when(this.commit(), (commit) => {
      this.#owed = UNTOUCHED;
      return commit;
    });
  }

  /** Ends a handshake that owes nothing: its session was not changed, and is not prolonged. */
  skip(): void {
    this.#isAnswered = true;
    this.#owed = UNTOUCHED;
    this.context.close(throwUnattached);
  }

  /**
   * Does what is left to do where the runtime answers the request by itself, so that no response can
   * carry a cookie. A session that the store knows is saved there.
   *
   * @throws SessionError `ERR_SESSION_RUNTIME` where a change would be lost
   */
  async release(): Promise<void> {
    const context = this.#context;
    this.#isAnswered = true;
    if (context?.isOpen !== true) return;
    if (!context.accessed) return context.close(throwUnattached);
    const { loaded, sid } = context.state;
    const isKept = this.sessions.loads && !loaded.isNew && sid === loaded.sid;
    const isLost = context.isChanged && !isKept;
    if (isKept) await context.commit();
    context.close(throwUnattached);
    if (isLost) throw changeLost();
  }

  /** Gives a response what it owes to the session. */
  finish(response: Response): MaybePromise<Response> {
    return when(this.commit(), (commit) => withCommit(response, commit));
  }

  #open(): SessionContext<Data> {
    const context = this.sessions.open(this.facts.header("cookie"), this.facts);
    // Too late for a cookie: what is written now must say so.
    if (this.#isAnswered)
      context.close(asksForSocket(this.facts) ? throwUnattached : throwCommitted);
    return context;
  }
}

/** A change that no response can carry. */
function changeLost(): SessionError<"ERR_SESSION_RUNTIME"> {
  return new SessionError(
    "ERR_SESSION_RUNTIME",
    "A handler changed its session and gave no response, so the change was lost. Change the session in an HTTP request, or serve the socket with an adapter for sockets.",
  );
}
