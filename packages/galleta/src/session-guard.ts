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
 * Checks a request before the app's code runs: denies a cross-site request, answers a request for
 * one of Galleta's own endpoints, and loads the session from a store.
 *
 * @returns the response to send instead of calling the app; `undefined` to call the app. A promise
 *   only with a store, for a CSRF token to check, or for one of Galleta's endpoints
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

/**
 * Makes the response that the session's checks ask for, if they ask for one. If the checks denied
 * the request, throws an error that the app's error handlers can answer.
 */
function respond(reply: Reply | DeniedReply | undefined): Response | undefined {
  if (reply === undefined) return undefined;
  if ("denial" in reply) throw denied(reply.denial);
  return toResponse(reply);
}

function denied({ code, message, status, rule }: Denial): SessionError {
  return new SessionError(code, message, { status, rule });
}
