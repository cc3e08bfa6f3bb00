import type { SessionContext } from "../session/context.ts";
import type { RequestFacts } from "../session/request.ts";
import { DENIALS, type Denial } from "./denial.ts";
import { CSRF_HEADER, findFormToken, isForm } from "./form.ts";
import { verifyToken } from "./session-token.ts";

/** Reads the body of a request, to find the CSRF token in a form. */
export type BodyReader = () => Promise<Uint8Array | undefined>;

/**
 * Checks the CSRF token in the header or form of a request. A request without a session needs no
 * token, unless its Origin is `null`.
 *
 * @param readBody reads the body; called only if the header is missing and the body is a form
 * @returns the reason to deny the request; `undefined` accepts it
 */
export async function checkRequestToken<Data>(
  request: RequestFacts,
  context: SessionContext<Data>,
  readBody: BodyReader,
): Promise<Denial | undefined> {
  const isNull = request.header("origin") === "null";
  const { isNew } = context.state.loaded;
  if (isNew && !isNull) return undefined;
  const token = request.header(CSRF_HEADER) ?? (await readToken(request, readBody));
  if (token !== undefined && !isNew && verifyToken(context.session, token)) return undefined;
  const missing = isNull ? "origin-null" : "token-missing";
  return DENIALS[token === undefined ? missing : "token-invalid"];
}

async function readToken(request: RequestFacts, readBody: BodyReader): Promise<string | undefined> {
  const type = request.header("content-type");
  if (!isForm(type)) return undefined;
  const body = await readBody();
  return body === undefined ? undefined : findFormToken(type, body);
}
