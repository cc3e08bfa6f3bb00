import { SessionError } from "@galleta/session";
import {
  begin,
  factsOf,
  toResponse,
  type CrossSiteCheck,
  type DeniedReply,
  type FetchSession,
  type Denial,
  type Reply,
} from "@galleta/session/adapter";
import type { H3Event } from "h3";

/**
 * What comes before everything of the app: the check against cross-site requests, what the sessions
 * answer themselves, and loading the session where it lives in a store.
 *
 * @returns what is answered in the app's place. A promise only with a store, with `csrf: "strict"`
 * where a token has to be checked, and for what the sessions answer
 * @throws SessionError `ERR_SESSION_CSRF` or `ERR_SESSION_HOST` when the request is denied
 */
export function guard(
  held: FetchSession<never>,
): Response | undefined | Promise<Response | undefined> {
  const reply = begin(held);
  return reply instanceof Promise ? reply.then(respond) : respond(reply);
}

/**
 * The same for an app without sessions, which only checks that it is the one that was asked.
 *
 * @throws SessionError `ERR_SESSION_HOST` when the Host is not one of `ALLOWED_HOSTS`
 */
export function guardHost(hosts: CrossSiteCheck | undefined, event: H3Event): undefined {
  const denial = hosts?.host(factsOf(event.req));
  if (denial) throw denied(denial);
}

/** A denial goes to the app's error handlers. */
function respond(reply: Reply | DeniedReply | undefined): Response | undefined {
  if (reply === undefined) return undefined;
  if ("denial" in reply) throw denied(reply.denial);
  return toResponse(reply);
}

function denied({ code, message, status, rule }: Denial): SessionError {
  return new SessionError(code, message, { status, rule });
}
