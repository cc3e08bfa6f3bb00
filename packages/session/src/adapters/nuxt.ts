import type { IncomingMessage, ServerResponse } from "node:http";
import { when } from "../maybe.ts";
import type { SessionData } from "../session/data.ts";
import { exposeSession, heldBy } from "./kit/expose.ts";
import { lazySessions, secondSessionError, type LazySessions } from "./kit/given.ts";
import { NodeSession, sendReply, warnAndAnswer } from "./kit/node-session.ts";

export type { SessionEventContext } from "./kit/h3-context.ts";

/** The part of an h3 1 event that this adapter uses. */
export interface Event {
  readonly node: { readonly req: IncomingMessage; readonly res: ServerResponse };
  readonly context: object;
}

/** An event handler of h3 1, for `server/middleware`. */
export interface SessionEventHandler {
  (event: Event): Promise<void>;
  readonly __is_handler__: true;
}

/**
 * Sessions for Nuxt and Nitro 2: `event.context.session`, with the cross-site check. Requests that
 * a page makes on the server, with `useFetch` or `event.$fetch`, share the session of the page.
 *
 * @param given options, shared sessions, or a function that returns them at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; a request fails with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * // server/middleware/session.ts
 * export default session({ secretKey: process.env.SECRET_KEY ?? "" });
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>): SessionEventHandler {
  const sessions = lazySessions(given);
  const handler = async ({ node, context }: Event) => {
    const { req, res } = node;
    if (isPrerendered(req)) return;
    const { property } = sessions();
    const lent = lentBy(req, property);
    if (lent !== undefined) {
      exposeSession(context, lent);
      return;
    }
    if (property in context) throw secondSessionError(`event.context.${property}`);
    const held = new NodeSession(sessions(), req, res, (error) => warnAndAnswer(error, res));
    exposeSession(context, held);
    await when(held.begin(), (reply) => reply && sendReply(res, reply));
  };
  return Object.assign(handler, { __is_handler__: true as const });
}

/**
 * True while the build prerenders a page. Such a page is made once for all visitors, so it gets no
 * session. A client could also send the header `x-nitro-prerender`, but only Nitro's own requests
 * have `__unenv__`.
 */
function isPrerendered(req: IncomingMessage): boolean {
  return req.headers["x-nitro-prerender"] !== undefined && "__unenv__" in req;
}

/**
 * Returns the session of the page, if a page made this request on the server with `useFetch` or
 * `event.$fetch`. Nitro puts the context of the page's event into `__unenv__` of such a request.
 */
function lentBy(req: IncomingMessage, property: string) {
  const { __unenv__: outer } = req as { __unenv__?: unknown };
  return typeof outer === "object" && outer !== null ? heldBy(outer, property) : undefined;
}
