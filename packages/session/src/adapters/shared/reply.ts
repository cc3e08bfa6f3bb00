import type { Commit } from "../../cookie/headers.ts";
import { refusalBody, type Refusal } from "../../csrf/refusal.ts";
import type { Sessions } from "../../engine.ts";
import type { RequestFacts } from "../../session/request.ts";

/** What is answered in the place of the app: a refusal, or the exchange of a ticket. */
export interface Reply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly commit?: Commit;
}

/** The answer to a request that is refused. */
export function refusalReply(refusal: Refusal): Reply {
  return { status: refusal.status, body: refusalBody(refusal) };
}

/** Whether a request exchanges the ticket of an `update` on a socket for its cookie. */
export function isExchange<Data>(sessions: Sessions<Data>, facts: RequestFacts): boolean {
  return (
    sessions.exchangePath !== undefined &&
    facts.method === "POST" &&
    facts.target === sessions.exchangePath
  );
}
