import { CSRF_FIELD, CSRF_HEADER } from "../../csrf/form.ts";
import type { RequestFacts } from "../../session/request.ts";

/** Bytes of a form that are read in search of its CSRF token; a larger form sends the header. */
export const MAX_FORM_BYTES = 1 << 20;

/**
 * The facts of a request whose body was parsed already: the form's token counts as the header.
 *
 * @param body what the framework made of the body
 */
export function withParsedToken(facts: RequestFacts, body: unknown): RequestFacts {
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, CSRF_FIELD)) return facts;
  const token = (body as Record<string, unknown>)[CSRF_FIELD];
  if (typeof token !== "string" || facts.header(CSRF_HEADER) !== undefined) return facts;
  return {
    method: facts.method,
    target: facts.target,
    encrypted: facts.encrypted,
    remoteAddress: facts.remoteAddress,
    header: (name) => (name === CSRF_HEADER ? token : facts.header(name)),
  };
}
