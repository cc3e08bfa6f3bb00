import { CSRF_FIELD } from "../../csrf/form.ts";

/** Bytes of a form that are read in search of its CSRF token; a larger form sends the header. */
export const MAX_FORM_BYTES = 1 << 20;

/**
 * The CSRF token in a body that was parsed before: it counts as the header.
 *
 * @param body what the framework made of the body
 */
export function parsedToken(body: unknown): string | undefined {
  if (body == null || !Object.hasOwn(body, CSRF_FIELD)) return undefined;
  const token = (body as Record<string, unknown>)[CSRF_FIELD];
  return typeof token === "string" ? token : undefined;
}
