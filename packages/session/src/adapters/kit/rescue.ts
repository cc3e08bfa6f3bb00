import type { FetchSession } from "./fetch-session.ts";
import { withCommit } from "./fetch-response.ts";

/**
 * Makes an error response with the session's cookie, which the framework's own would lose. A thrown
 * `Response` is returned with the cookie added.
 *
 * @param error what the handler threw
 * @param body the body of the answer; `null` if the framework replaces it with its error page
 * @throws the given error, if the session sets no cookie
 */
export async function rescue<Data>(
  error: unknown,
  held: FetchSession<Data>,
  body: string | null,
): Promise<Response> {
  if (error instanceof Response) return held.finish(error);
  const commit = await held.commit();
  if (commit.setCookie.length === 0) throw error;
  // oxlint-disable-next-line no-console -- the framework prints errors the same way
  console.error(error);
  return withCommit(new Response(body, { status: 500 }), commit);
}
