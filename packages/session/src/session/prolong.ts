import type { SetCookie } from "../cookie/set-cookie.ts";
import { optionError, SessionError } from "../errors.ts";
import type { SessionContext } from "./context.ts";
import type { Shared } from "./shared.ts";

/** The options of `sessions.resume`. */
export interface ResumeOptions {
  /**
   * Needed with `socketActivity`. For a message of the client, pass a function. The session is then
   * prolonged as by a request, and the function gets the `Cookie` header for the next call. Until a
   * tenth of the lifetime has passed, it is not called. For anything else, pass `false`.
   */
  readonly prolonged?: ((cookieHeader: string) => void) | false | undefined;
}

/**
 * Checks that the call fits the options of the sessions.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_STORE_REQUIRED`
 */
export function assertResumable(shared: Shared, { prolonged }: ResumeOptions): void {
  if (!shared.socketActivity) {
    if (prolonged)
      throw optionError("resume({ prolonged }) needs the option `socketActivity` of the sessions.");
    return;
  }
  if (prolonged === undefined) {
    throw optionError(
      "With socketActivity, resume() needs the option `prolonged`. For a message of the client, pass a function that keeps the new Cookie header; for anything else, pass false.",
    );
  }
  if (prolonged !== false && shared.store === undefined) {
    throw new SessionError(
      "ERR_SESSION_STORE_REQUIRED",
      "resume({ prolonged }) needs the option `store`. Without a store, the app could not end the session after its first cookie expired.",
    );
  }
}

/**
 * Prolongs a session, as a request does that only reads it.
 *
 * @param header the `Cookie` header that the session was opened with
 * @returns the header to use from now on; `undefined` if the session has ended
 * @throws SessionError `ERR_SESSION_STORE`
 */
export async function prolong(
  context: SessionContext<never>,
  header: string,
): Promise<string | undefined> {
  const { cookies } = await context.commit();
  return cookies.length === 0 ? header : cookiesAfter(header, cookies);
}

/** Returns a `Cookie` header after a response set these cookies. */
function cookiesAfter(header: string, set: readonly SetCookie[]): string | undefined {
  const kept = set.filter(({ attributes }) => attributes.maxAge !== 0);
  if (kept.length === 0) return undefined;
  const isReplaced = (pair: string) => set.some(({ name }) => pair.startsWith(`${name}=`));
  const others = header.split(";").map((pair) => pair.trim());
  return [
    ...others.filter((pair) => pair !== "" && !isReplaced(pair)),
    ...kept.map(({ name, value }) => `${name}=${value}`),
  ].join("; ");
}
