import { CSRF_FIELD } from "../../csrf/form.ts";

/**
 * The largest form, in bytes, that is searched for a CSRF token. With a larger form, the token must
 * be sent in the header.
 */
export const MAX_FORM_BYTES = 1 << 20;

/**
 * Returns the CSRF token in a body that the framework already parsed. The token is treated like a
 * token in the header.
 *
 * @param body the body as the framework parsed it
 */
export function parsedToken(body: unknown): string | undefined {
  if (body == null || !Object.hasOwn(body, CSRF_FIELD)) return undefined;
  const token = (body as Record<string, unknown>)[CSRF_FIELD];
  return typeof token === "string" ? token : undefined;
}
