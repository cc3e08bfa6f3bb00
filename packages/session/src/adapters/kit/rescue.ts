import type { FetchSession } from "./fetch-session.ts";
import { withCommit } from "./fetch-response.ts";

/**
 * Makes the error response, if the framework's own would lose the session's cookie. A thrown
 * `Response` gets the cookie and is returned.
 *
 * @param body the body of the answer; `null` if the framework replaces it with its error page
 * @throws the given error, if there is no cookie to send
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
