import { applyCommit, type Commit } from "../../cookie/headers.ts";
import { refusalBody, type Refusal } from "../../csrf/refusal.ts";
import type { Sessions } from "../../engine.ts";
import type { MaybePromise } from "../../maybe.ts";
import type { SessionContext } from "../../session/context.ts";
import type { RequestFacts } from "../../session/request.ts";
import { MAX_FORM_BYTES } from "./body.ts";

/**
 * What comes before the handler of a Fetch request: the check against cross-site requests, and
 * loading where the sessions have a store.
 *
 * @param request its body stays readable
 * @returns why the request is refused; `undefined` lets it pass
 */
export function beginFetch<Data>(
  sessions: Sessions<Data>,
  context: SessionContext<Data>,
  facts: RequestFacts,
  readBody: () => Promise<Uint8Array | undefined>,
): MaybePromise<Refusal | undefined> {
  const outcome = sessions.check(facts);
  if (outcome === "needs-token") return checkToken(sessions, context, facts, readBody);
  if (outcome !== undefined) return outcome;
  return context.load()?.then(nothing);
}

async function checkToken<Data>(
  sessions: Sessions<Data>,
  context: SessionContext<Data>,
  facts: RequestFacts,
  readBody: () => Promise<Uint8Array | undefined>,
): Promise<Refusal | undefined> {
  await context.load();
  return sessions.checkToken(facts, context, readBody);
}

const nothing = () => undefined;

/** The answer to a request that is refused. */
export function refusalResponse(refusal: Refusal): Response {
  return new Response(refusalBody(refusal), {
    status: refusal.status,
    headers: { "content-type": "application/json" },
  });
}

/**
 * Puts what a commit asks for on a response.
 *
 * @returns the response, or a copy of it where its headers cannot be changed, as those of
 * `Response.redirect()` and of what `fetch()` gave
 */
export function withCommit(response: Response, commit: Commit): Response {
  if (!commit.accessed) return response;
  const open = openHeaders(response);
  applyCommit(commit, open.headers);
  return open;
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
  void reader.cancel().catch(nothing);
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
