import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { Commit } from "../../cookie/headers.ts";
import { CSRF_HEADER } from "../../csrf/form.ts";
import type { Sessions } from "../../engine.ts";
import { when, type MaybePromise } from "../../maybe.ts";
import type { SessionContext } from "../../session/context.ts";
import type { SessionData, SessionOf } from "../../session/data.ts";
import { begin, commitResponse, type Incoming } from "./begin.ts";
import { parsedToken } from "./body.ts";
import { heldBy, hold, type Holder } from "./expose.ts";
import { warn } from "../../warn.ts";
import { asksForSocket } from "./handshake.ts";
import { peekBody } from "./node-body.ts";
import { NodeFacts, type NodeRequest } from "./node-facts.ts";
import { applyToNode } from "./node-headers.ts";
import { hookResponse } from "./node-response.ts";
import { headersOf, type DeniedReply, type Reply } from "./reply.ts";
import { secondSessionError, setUpError } from "./given.ts";

/** A response of `node:http`, `node:https` or the compatibility layer of `node:http2`. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * Holds the session of one request on a Node server. `begin` does the cross-site check, and the
 * Set-Cookie headers are added right before the response begins. A session that is not used costs
 * nothing.
 * @example
 * ```ts
 * server.on("request", (req, res) => {
 *   const held = new NodeSession(sessions, req, res, () => sendFailure(res));
 *   const reply = held.begin();
 *   if (reply === undefined) res.end(JSON.stringify(held.session));
 * });
 * ```
 */
export class NodeSession<Data = SessionData>
  extends NodeFacts
  implements Incoming<Data>, Holder<Data>
{
  readonly sessions: Sessions<Data>;
  readonly #req: NodeRequest;
  readonly #res: ServerResponse;
  readonly #fail: (error: unknown) => void;
  #parsedBody: unknown;
  #isHandshake: boolean | undefined;
  #context: SessionContext<Data> | undefined;
  #owed: Commit | undefined;

  /**
   * @param fail answers a request whose session could not be saved
   * @throws SessionError `ERR_SESSION_SETUP` if the request already has a session, or its response
   *   has begun
   */
  constructor(
    sessions: Sessions<Data>,
    req: NodeRequest,
    res: NodeResponse,
    fail: (error: unknown) => void,
  ) {
    super(req);
    const { property } = sessions;
    if (heldBy(req, property) !== undefined) throw secondSessionError("The session");
    if (res.headersSent) {
      throw setUpError(
        "The response began before the session middleware ran. Put the session middleware first.",
      );
    }
    this.sessions = sessions;
    this.#req = req;
    hold(req, this);
    // The code uses only methods that both kinds of response have, with the same meaning.
    this.#res = res as ServerResponse;
    this.#fail = fail;
  }

  get session(): SessionOf<Data> {
    return this.context.session;
  }

  set session(value: SessionOf<Data> | null) {
    this.context.session = value;
  }

  /**
   * The context of the session, opened at first use. A request that never uses it saves nothing.
   */
  get context(): SessionContext<Data> {
    return (this.#context ??= this.#open());
  }

  /**
   * Returns a request header. For the header `x-csrf-token`, it also looks into a form that the
   * framework has already parsed.
   */
  override header(name: string): string | undefined {
    if (name === CSRF_HEADER) {
      return this.#req.headers[name]?.toString() ?? parsedToken(this.#parsedBody);
    }
    // Apps may set `req.headers.cookie` themselves, for example from a phone app's own header.
    return name === "cookie" ? this.#req.headers.cookie : super.header(name);
  }

  /** True if the session was read or written. */
  get isAccessed(): boolean {
    return this.#context?.accessed === true;
  }

  get isHandshake(): boolean {
    return (this.#isHandshake ??= asksForSocket(this));
  }

  get request(): NodeRequest {
    return this.#req;
  }

  get facts(): this {
    return this;
  }

  /**
   * Checks that no other site sent the request and, with a store, loads the session. Call this before
   * the handler.
   *
   * @param parsedBody the body, if the framework already parsed it
   * @returns the response to send instead of calling the handler; `undefined` if the request may go
   *   on
   */
  begin(parsedBody?: unknown): MaybePromise<Reply | DeniedReply | undefined> {
    this.#parsedBody = parsedBody;
    return begin(this);
  }

  readBody(): Promise<Uint8Array | undefined> {
    const parsed = this.#parsedBody;
    return typeof parsed === "string" ? Promise.resolve(Buffer.from(parsed)) : peekBody(this.#req);
  }

  /**
   * Saves the session and returns its response headers; `undefined` if the session was not used. A
   * framework can call this early, while it can still answer with an error.
   */
  commit(): MaybePromise<Commit> | undefined {
    const keep = (commit: Commit) => (this.#owed = commit);
    return this.#owed ?? (this.#context && when(commitResponse(this), keep));
  }

  #open(): SessionContext<Data> {
    const context = this.sessions.open(this.header("cookie"), this);
    // Too late for a cookie: a write must throw now.
    if (this.#res.headersSent) void context.commit();
    else hookResponse(this.#res, () => this.commit()!, this.#fail, this.sessions.property);
    return context;
  }
}

/**
 * Sends a reply and ends the response, so that the app does not handle the request.
 *
 * @example
 * ```ts
 * server.on("request", (_req, res) => sendReply(res, { status: 404, body: '{"error":"Not Found"}' }));
 * ```
 */
export function sendReply(res: NodeResponse, reply: Reply): void {
  const response = res as ServerResponse;
  const { body } = reply;
  prepareReply(response, reply);
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(body);
  // Over HTTP/2 the stream would stay open until the client has sent a body that no code reads.
  (response.req as IncomingMessage | undefined)?.resume();
}

/**
 * Adds the status and headers of a reply to a response, for frameworks that send the body
 * themselves.
 *
 * @example
 * ```ts
 * server.on("request", (_req, res) => {
 *   prepareReply(res, { status: 404, body: "{}" });
 *   res.end("{}");
 * });
 * ```
 */
export function prepareReply(res: NodeResponse, reply: Reply): void {
  const response = res as ServerResponse;
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(headersOf(reply))) response.setHeader(name, value);
  if (reply.commit !== undefined) applyToNode(response, reply.commit);
}

/**
 * Answers a failed request with 500, for frameworks that do not answer errors themselves.
 *
 * @example
 * ```ts
 * server.on("request", (_req, res) => sendFailure(res)); // 500 {"error":"Internal Server Error"}
 * ```
 */
export function sendFailure(res: NodeResponse): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  sendReply(res, { status: 500, body: JSON.stringify({ error: "Internal Server Error" }) });
}

/**
 * Answers a failed request with 500 and prints the error as a process warning, because no caller
 * can catch it.
 */
export function warnAndAnswer(error: unknown, res: NodeResponse): void {
  warn(error);
  if (!res.headersSent) sendFailure(res);
}
