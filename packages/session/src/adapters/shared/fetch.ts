import { applyCommit, type Commit } from "../../cookie/headers.ts";
import type { Sessions } from "../../engine.ts";
import type { MaybePromise } from "../../maybe.ts";
import type { SessionContext } from "../../session/context.ts";
import type { RequestFacts } from "../../session/request.ts";
import { MAX_FORM_BYTES } from "./body.ts";
import { isExchange, refusalReply, type Reply } from "./reply.ts";

/** A request as the shared steps need it. */
export interface FetchCall<Data> {
  readonly sessions: Sessions<Data>;
  readonly context: SessionContext<Data>;
  readonly facts: RequestFacts;
  readonly cookieHeader: string | null | undefined;
  /** Reads the body and leaves it for the handler. */
  readonly readBody: () => Promise<Uint8Array | undefined>;
}

/**
 * What comes before the handler of a Fetch request: the check against cross-site requests, and
 * loading where the sessions have a store.
 *
 * @returns what is answered in the handler's place; `undefined` where the request may go on
 */
export function beginFetch<Data>(call: FetchCall<Data>): MaybePromise<Response | undefined> {
  const { sessions, context, facts } = call;
  if (isExchange(sessions, facts)) return exchange(call);
  const outcome = sessions.check(facts);
  if (outcome === "needs-token") return checkToken(call);
  if (outcome !== undefined) return replyResponse(refusalReply(outcome));
  return context.load() as Promise<undefined> | undefined;
}

async function checkToken<Data>(call: FetchCall<Data>): Promise<Response | undefined> {
  const { sessions, context, facts, readBody } = call;
  await context.load();
  const refusal = await sessions.checkToken(facts, context, readBody);
  return refusal && replyResponse(refusalReply(refusal));
}

async function exchange<Data>(call: FetchCall<Data>): Promise<Response> {
  const ticket = new TextDecoder().decode(await call.readBody());
  return replyResponse(await call.sessions.exchange(call.facts, call.cookieHeader, ticket));
}

function replyResponse({ status, body, commit }: Reply): Response {
  const headers = { "content-type": "application/json" };
  const response = new Response(body, { status, headers });
  return commit === undefined ? response : withCommit(response, commit);
}

/**
 * Puts what a commit asks for on a response.
 *
 * @returns the response, or a copy of it where its headers cannot be changed, as those of
 * `Response.redirect()` and of what `fetch()` gave
 */
export function withCommit(response: Response, commit: Commit): Response {
  if (!commit.accessed) return response;
  try {
    applyCommit(commit, response.headers);
    return response;
  } catch {
    const copy = new Response(response.body, response);
    applyCommit(commit, copy.headers);
    return copy;
  }
}

/** The response, or a copy of it, with headers that can be changed. */
export function openHeaders(response: Response): Response {
  try {
    response.headers.delete("x-galleta-none");
    return response;
  } catch {
    return new Response(response.body, response);
  }
}

/**
 * Reads a copy of a request's body, so that the handler can still read it.
 *
 * @returns `undefined` where it was read before, is longer than 1 MiB, or breaks off
 */
export async function peekFetchBody(request: Request): Promise<Uint8Array | undefined> {
  if (request.bodyUsed) return undefined;
  const body = request.clone().body;
  if (body === null) return undefined;
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, size);
      size += value.length;
      if (size > MAX_FORM_BYTES) break;
      chunks.push(value);
    }
  } catch {
    return undefined; // the client went away
  }
  void reader.cancel().catch(() => {});
  return undefined;
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
