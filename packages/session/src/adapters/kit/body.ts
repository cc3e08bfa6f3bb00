import { CSRF_FIELD } from "../../csrf/form.ts";

/** The most bytes of a form to read for its CSRF token. A larger form must send the header. */
export const MAX_FORM_BYTES = 1 << 20;

/**
 * Finds the CSRF token in a body that was already parsed. It counts like the header.
 *
 * @param body the body as the framework parsed it
 */
export function parsedToken(body: unknown): string | undefined {
  if (body == null || !Object.hasOwn(body, CSRF_FIELD)) return undefined;
  const token = (body as Record<string, unknown>)[CSRF_FIELD];
  return typeof token === "string" ? token : undefined;
}
