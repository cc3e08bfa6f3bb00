import type { Commit } from "../../cookie/headers.ts";
import { AMBIGUOUS, findCookie } from "../../cookie/parse.ts";
import { parseSetCookie } from "../../cookie/set-cookie.ts";
import { SessionError } from "../../errors.ts";

/** The header in which Next.js forwards the cookies that `proxy.ts` set. */
export const SET_BY_PROXY = "x-middleware-set-cookie";

/** The cookies of the current Next.js request, including those that `proxy.ts` set. */
export interface Jar {
  readonly headers: Pick<Headers, "get">;
  /** The cookies as the value of a `Cookie` header. */
  readonly header: string;
  /** Adds the cookies of a saved session to the response. */
  set(commit: Commit): void;
}

/** Returns the cookies of the request that Next.js currently handles. */
export async function openJar(): Promise<Jar> {
  const next = await import("next/headers.js");
  const [jar, headers] = await Promise.all([next.cookies(), next.headers()]);
  const own = jar.getAll().map(({ name, value }) => [name, value] as const);
  return {
    headers,
    header: toHeader(new Map(own), setByProxy(headers), headers.get("cookie") ?? ""),
    set({ cookies }) {
      for (const { name, value, attributes } of cookies) {
        if (encodeURIComponent(value) !== value) throw encodingError();
        try {
          jar.set({ name, value, ...attributes });
        } catch (error) {
          throw readOnly(error);
        }
      }
    },
  };
}

/**
 * Makes a `Cookie` header from the cookies of Next.js. Next.js decodes the values it reads, so
 * cookies that did not change are copied from the browser's header.
 */
function toHeader(jar: Map<string, string>, proxied: [string, string][], sent: string): string {
  const isUnchanged = (name: string, value: string | undefined) => {
    const raw = findCookie(sent, name);
    return raw === AMBIGUOUS || (raw && decode(raw)) === value;
  };
  for (const [name, value] of proxied) {
    // If the values differ, an action changed the cookie after the proxy.
    if (isUnchanged(name, jar.get(name))) jar.set(name, value);
  }
  if ([...jar].every(([name, value]) => isUnchanged(name, value))) return sent;
  // A cookie that was deleted in this request has an empty value.
  const kept = [...jar].filter(([, value]) => value !== "");
  return kept.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("; ");
}

/**
 * Returns the cookies that `proxy.ts` set. In route handlers, `cookies()` of Next.js leaves them
 * out.
 */
function setByProxy(headers: Pick<Headers, "get">): [string, string][] {
  const lines = headers.get(SET_BY_PROXY)?.split(/,(?=[^;,]*=)/) ?? [];
  return lines.map((line) => {
    const { name, value } = parseSetCookie(line.trim());
    return [name, decode(value)];
  });
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Throws for a write to the session while a page renders. */
export const throwReadOnly = (): never => {
  throw readOnly();
};

function readOnly(cause?: unknown): SessionError<"ERR_SESSION_RUNTIME"> {
  return new SessionError(
    "ERR_SESSION_RUNTIME",
    "Next.js cannot set a cookie here, so the session can only be read. Change it in a Server Action or a route handler made by `withSession`, or in proxy.ts.",
    cause === undefined ? {} : { cause },
  );
}

function encodingError(): SessionError<"ERR_SESSION_RUNTIME"> {
  return new SessionError(
    "ERR_SESSION_RUNTIME",
    "Next.js would encode this cookie of `writeAs`, and the other framework could not read it. Return a Response from a route handler instead.",
  );
}
