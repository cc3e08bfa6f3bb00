import type { Sessions } from "@galleta/session";
import { applyCommit } from "@galleta/session/adapter";
import { assertBodySize, type H3, type H3Event } from "h3";
import { EventFacts } from "./facts.ts";

/** Above the largest ticket, in bytes. */
const BODY_LIMIT = 16 * 1024 + 1;

/**
 * The route by which a page exchanges the ticket of an `update` for its cookie. It stands beside
 * the app's own: no middleware of the app runs, since it knows nothing of tickets.
 */
export function mountExchange(h3: H3, sessions: Sessions<never>): void {
  const { exchangePath } = sessions;
  if (exchangePath !== undefined) h3.post(exchangePath, (event) => exchange(sessions, event));
}

async function exchange(sessions: Sessions<never>, event: H3Event): Promise<Response> {
  await assertBodySize(event, BODY_LIMIT);
  const ticket = await event.req.text();
  const cookie = event.req.headers.get("cookie");
  const { status, commit, body } = await sessions.exchange(new EventFacts(event), cookie, ticket);
  const headers = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
  });
  applyCommit(commit, headers);
  return new Response(body, { status, headers });
}
