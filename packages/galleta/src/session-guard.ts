import { SessionError, type Sessions } from "@galleta/session";
import type { CrossSiteCheck, Refusal } from "@galleta/session/adapter";
import { openSession, readAhead, requestFacts, type HttpRequest } from "./request.ts";

type Req = HttpRequest<never, never>;

const NO_BODY = Promise.resolve(undefined);

/**
 * What comes before everything of the app: the check against cross-site requests, and loading the
 * session where it lives in a store.
 *
 * @returns a promise only with a store, or with `csrf: "strict"` where a token has to be checked
 * @throws SessionError `ERR_SESSION_CSRF` or `ERR_SESSION_HOST` when the request is refused
 */
export function guard(sessions: Sessions<never>, req: Req): Promise<void> | undefined {
  const outcome = sessions.check(requestFacts(req));
  if (outcome === "needs-token") return checkToken(sessions, req);
  if (outcome) throw refused(outcome);
  return sessions.loads ? openSession(req).load() : undefined;
}

/**
 * The same for an app without sessions, which only checks that it is the one that was asked.
 *
 * @throws SessionError `ERR_SESSION_HOST` when the Host is not one of `ALLOWED_HOSTS`
 */
export function guardHost(hosts: CrossSiteCheck | undefined, req: Req): void {
  const outcome = hosts?.host(requestFacts(req));
  if (outcome) throw refused(outcome);
}

async function checkToken(sessions: Sessions<never>, req: Req): Promise<void> {
  await openSession(req).load();
  // A TRACE has no content (RFC 9110 §9.3.8), and a Fetch Request cannot even be one.
  const read = () => (req.method === "TRACE" ? NO_BODY : readAhead(req));
  const refusal = await sessions.checkToken(requestFacts(req), openSession(req), read);
  if (refusal) throw refused(refusal);
}

function refused({ code, message, status, rule }: Refusal): SessionError {
  return new SessionError(code, message, { status, rule });
}
