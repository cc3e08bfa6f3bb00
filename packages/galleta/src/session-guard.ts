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
import { FirstOfSeveral } from "./several.ts";

/**
 * Runs before the app's code: checks for cross-site requests, answers the sessions' own endpoints,
 * and loads the session from a store.
 *
 * @returns the response to send instead of calling the app, if any. It is a promise only with a
 *   store, with a CSRF token to check, or for one of the sessions' endpoints
 * @throws SessionError `ERR_SESSION_CSRF` or `ERR_SESSION_HOST` if the request is denied
 */
export function guard(
  held: FetchSession<never>,
): Response | undefined | Promise<Response | undefined> {
  const reply = begin(held);
  if (held instanceof FirstOfSeveral) return beginAll(held as FirstOfSeveral<never>, reply);
  return reply instanceof Promise ? reply.then(respond) : respond(reply);
}

async function beginAll(
  held: FirstOfSeveral<never>,
  first: ReturnType<typeof begin>,
): Promise<Response | undefined> {
  return respond((await first) ?? (await held.beginOthers()));
}

/**
 * Checks the Host of a request, for an app without sessions.
 *
 * @throws SessionError `ERR_SESSION_HOST` if the Host is not one of `ALLOWED_HOSTS`
 */
export function guardHost(hosts: CrossSiteCheck | undefined, event: H3Event): undefined {
  const denial = hosts?.host(factsOf(event.req));
  if (denial) throw denied(denial);
}

/** Makes the response of a reply. Throws a denial as an error, for the app's error handlers. */
function respond(reply: Reply | DeniedReply | undefined): Response | undefined {
  if (reply === undefined) return undefined;
  if ("denial" in reply) throw denied(reply.denial);
  return toResponse(reply);
}

function denied({ code, message, status, rule }: Denial): SessionError {
  return new SessionError(code, message, { status, rule });
}
