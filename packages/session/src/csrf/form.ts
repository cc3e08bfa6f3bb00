/** The header that carries a CSRF token, in lower case. */
export const CSRF_HEADER = "x-csrf-token";
/** The form field that carries a CSRF token. */
export const CSRF_FIELD = "csrf_token";

const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)[\t ]*(?:;|$)/i;

/**
 * Whether a body is one of the forms that {@link findFormToken} reads.
 *
 * @param contentType the request's Content-Type, in any case
 */
export function isForm(contentType: string | undefined): contentType is string {
  return contentType !== undefined && FORM.test(contentType);
}

/**
 * Finds the CSRF token in the bytes of a form, `application/x-www-form-urlencoded` or
 * `multipart/form-data`. The bytes stay as they are, so that the view can still read the body. The
 * platform's own form parser does the reading, as it does for the view: what one accepts the other
 * does not read differently.
 *
 * @param contentType the request's Content-Type, in any case
 * @param body the whole body. The caller bounds it: parsing takes time and memory in proportion.
 * @returns the token as it was sent; `undefined` where the body is another type or malformed, the
 * field is missing or a file, or there are several. Never throws or rejects.
 *
 * @example
 * ```ts
 * const token = facts.header(CSRF_HEADER) ?? (await findFormToken(facts.header("content-type"), body));
 * ```
 */
export async function findFormToken(
  contentType: string | undefined,
  body: Uint8Array,
): Promise<string | undefined> {
  try {
    // Bodies are never in shared memory, which is all that the narrower type rules out.
    const bytes = body as Uint8Array<ArrayBuffer>;
    const response = new Response(bytes, { headers: { "content-type": contentType ?? "" } });
    const [token, other] = (await response.formData()).getAll(CSRF_FIELD);
    // Two fields of one name are two readings: which one counts is not for this side to guess.
    return other === undefined && typeof token === "string" ? token : undefined;
  } catch {
    return undefined; // another type, no boundary, or a body that does not follow it
  }
}
