import type { FetchSession } from "./fetch-session.ts";
import { withCommit } from "./fetch-response.ts";

/**
 * Answers an error of which the framework would make a response without cookies, where the session
 * was changed before it. A response that was thrown is sent like one that is returned.
 *
 * @param body of the answer; `null` where the framework fills it with its page of errors
 * @throws whatever was thrown, where there is no cookie to send
 */
export async function rescue<Data>(
  error: unknown,
  held: FetchSession<Data>,
  body: string | null,
): Promise<Response> {
  if (error instanceof Response) return held.finish(error);
  const commit = await held.commit();
  if (commit.setCookie.length === 0) throw error;
  // oxlint-disable-next-line no-console -- as the framework does with what it catches itself
  console.error(error);
  return withCommit(new Response(body, { status: 500 }), commit);
}
