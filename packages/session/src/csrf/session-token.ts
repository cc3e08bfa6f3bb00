import { Buffer } from "node:buffer";
import { contextOf } from "../session/context.ts";
import { SessionError } from "../errors.ts";
import { isEmpty } from "../session/json.ts";
import { makeCsrfToken, verifyCsrfToken } from "./csrf-token.ts";

/**
 * Returns a token that proves that a request comes from your own page. Send it back in the
 * `x-csrf-token` header or the `csrf_token` form field. Each call returns a different text; all are
 * valid until the session is renewed or ends. The session is then saved even if it has no data,
 * because the token is bound to the session's id.
 *
 * @param scope binds the token to one purpose; pass the same to {@link verifyToken}
 * @returns 64 characters
 * @throws SessionError `ERR_SESSION_COMMITTED`, `ERR_SESSION_HANDSHAKE_SENT`,
 *   `ERR_SESSION_NOT_A_SESSION`; `ERR_SESSION_FORMAT` if `writeAs` is set, because its cookies
 *   contain no session id
 * @example
 * ```ts
 * res.html = `<input type="hidden" name="csrf_token" value="${csrfToken(req.session)}">`;
 * ```
 */
export function csrfToken(session: object, scope = ""): string {
  const context = contextOf(session);
  const { state, settings } = context;
  if (settings.writeAs !== undefined) {
    throw new SessionError(
      "ERR_SESSION_FORMAT",
      "csrfToken needs a session with an id, but the cookies that writeAs writes contain none.",
    );
  }
  if (state.meta.csrf !== 1 && isEmpty(state.data)) {
    context.changeMeta((meta) => {
      meta.csrf = 1;
    });
  }
  return makeCsrfToken(settings.ring.newest.csrf, Buffer.from(state.sid, "base64url"), scope);
}

/**
 * True if {@link csrfToken} made the token for this session and scope, with any key in `secretKey`.
 * Takes constant time for each key.
 *
 * @param token what the client sent; false unless it is a string
 * @throws SessionError `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * if (!verifyToken(req.session, form.get("confirm"), "delete-account")) throw new HTTPError(403);
 * ```
 */
export function verifyToken(session: object, token: unknown, scope = ""): boolean {
  const { state, settings } = contextOf(session);
  const keys = settings.ring.keys.map((key) => key.csrf);
  // Uses the present id: a token made before `renew` is no longer valid.
  return verifyCsrfToken(keys, Buffer.from(state.sid, "base64url"), token, scope);
}
