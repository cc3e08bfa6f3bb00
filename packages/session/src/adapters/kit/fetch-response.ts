import { applyCommit, type Commit } from "../../cookie/headers.ts";
import { headersOf, type Reply } from "./reply.ts";

/**
 * Converts Galleta's own reply to a request into a Fetch `Response`.
 *
 * @example
 * ```ts
 * toResponse({ status: 404, body: '{"error":"Not Found"}' }).headers.get("cache-control"); // "no-store"
 * ```
 */
export function toResponse(reply: Reply): Response {
  const { status, body, commit } = reply;
  const response = new Response(body, { status, headers: headersOf(reply) });
  return commit === undefined ? response : withCommit(response, commit);
}

/**
 * Adds the cookies and headers of a saved session to a response.
 *
 * @returns the response, or a copy if its headers are immutable, as after `Response.redirect()` or
 *   `fetch()`
 * @example
 * ```ts
 * const sent = withCommit(Response.redirect("https://shop.example/"), await context.commit());
 * ```
 */
export function withCommit(response: Response, commit: Commit): Response {
  if (!commit.accessed) return response;
  try {
    applyCommit(commit, response.headers);
    return response;
  } catch {
    // Deno's response to a handshake is immutable and cannot be copied.
    if (response.status === 101 && "Deno" in globalThis) return response;
    const copy = new Response(response.body, response);
    applyCommit(commit, copy.headers);
    return copy;
  }
}

/**
 * Returns the response if its headers are mutable, otherwise a copy with mutable headers.
 *
 * @example
 * ```ts
 * openHeaders(Response.redirect("https://shop.example/")).headers.append("vary", "Cookie");
 * ```
 */
export function openHeaders(response: Response): Response {
  try {
    response.headers.delete("x-galleta-none");
    return response;
  } catch {
    return new Response(response.body, response);
  }
}
