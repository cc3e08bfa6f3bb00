import type { SetCookie } from "../cookie/set-cookie.ts";
import { optionError, SessionError } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import type { ResumeOptions } from "../session/ports.ts";
import type { Shared } from "../session/shared.ts";

/**
 * Prolongs a session when `sessions.resume` is called for a client's message (option
 * `socketActivity`).
 *
 * @param header the `Cookie` header that the session was opened with
 * @returns false if the session has ended
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_STORE_REQUIRED`, `ERR_SESSION_STORE`
 */
export async function countResumed(
  context: SessionContext<never>,
  header: string,
  { prolonged }: ResumeOptions,
): Promise<boolean> {
  assertFits(context.shared, prolonged);
  if (!prolonged) return true;
  // The commit of a request that only reads prolongs the session if that is due.
  const { cookies } = await context.commit();
  if (cookies.length === 0) return true;
  const next = cookiesAfter(header, cookies);
  if (next === undefined) return false;
  prolonged(next);
  return true;
}

function assertFits(shared: Shared, prolonged: ResumeOptions["prolonged"]): void {
  if (!shared.socketActivity) {
    if (!prolonged) return;
    throw optionError("resume({ prolonged }) needs the option `socketActivity` of the sessions.");
  }
  if (prolonged === undefined) {
    throw optionError(
      "With socketActivity, resume() needs the option `prolonged`. If a message from the client caused the call, pass a function: it gets the new Cookie header for the next call of resume(). Otherwise pass false.",
    );
  }
  if (prolonged !== false && shared.store === undefined) {
    throw new SessionError(
      "ERR_SESSION_STORE_REQUIRED",
      "resume({ prolonged }) needs the option `store`. The browser does not get the new cookie. So without a store, no logout could end the session after the browser's cookie has expired.",
    );
  }
}

/** Returns the `Cookie` header that a browser sends after a response set these cookies. */
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
