/** The header that carries a CSRF token, in lower case. */
export const CSRF_HEADER = "x-csrf-token";
/** The form field that carries a CSRF token. */
export const CSRF_FIELD = "csrf_token";

const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)[\t ]*(?:;|$)/i;

/**
 * True if the Content-Type is that of a form that {@link findFormToken} can read.
 *
 * @param contentType the request's Content-Type, in any case
 */
export function isForm(contentType: string | undefined): contentType is string {
  return contentType !== undefined && FORM.test(contentType);
}

/**
 * Finds the CSRF token in a form, `application/x-www-form-urlencoded` or `multipart/form-data`. The
 * body is left unchanged, so that the view can still read it. The platform's parser reads the form
 * both here and in the view, so both see the same values.
 *
 * @param contentType the request's Content-Type, in any case
 * @param body the whole body. The caller must limit its size: time and memory grow with it.
 * @returns the token as it was sent; `undefined` if the body has another type or is malformed, or
 *   if the field is missing, a file, or repeated. Never throws or rejects.
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
    // This cast is safe: the type only excludes shared memory, which never holds a body.
    const bytes = body as Uint8Array<ArrayBuffer>;
    const response = new Response(bytes, { headers: { "content-type": contentType ?? "" } });
    const [token, other] = (await response.formData()).getAll(CSRF_FIELD);
    // If the field occurs twice, the view might read the other value, so neither counts.
    return other === undefined && typeof token === "string" ? token : undefined;
  } catch {
    return undefined; // The body has another type, no boundary, or is malformed.
  }
}
