import type { Commit } from "../../packages/session/src/cookie/headers.ts";
import type { Sessions } from "../../packages/session/src/engine.ts";
import type { MaybePromise } from "../../packages/session/src/maybe.ts";
import type { SessionContext } from "../../packages/session/src/session/context.ts";
import type { SessionEvent } from "../../packages/session/src/session/event-types.ts";
import { createSessions, type CreateSessionsOptions } from "../../packages/session/src/sessions.ts";
import { Jar } from "./cookies.ts";

/** Session data of any type. */
export type Anything = { [key: string]: unknown };

export const KEY = "an engine test key of more than 32 characters";

/** Makes sessions, with a list of their events. */
export function start(options: Partial<CreateSessionsOptions> = {}) {
  const events: SessionEvent[] = [];
  const sessions = createSessions<Anything>({
    secretKey: KEY,
    onEvent: (event) => {
      events.push(event);
    },
    ...options,
  });
  return { sessions, events, types: () => events.map(({ type }) => type) };
}

/** Without a store every commit is synchronous. */
export function commitOf(context: { commit(): MaybePromise<Commit> }): Commit {
  const commit = context.commit();
  if (commit instanceof Promise) throw new Error("A commit without a store is synchronous.");
  return commit;
}

/** Splits a Set-Cookie line into its parts; attribute names are in lower case. */
export function readSetCookie(line: string) {
  const [pair = "", ...rest] = line.split("; ");
  const equals = pair.indexOf("=");
  const attributes = new Map<string, string>(
    rest.map((each) => {
      const [name = "", ...value] = each.split("=");
      return [name.toLowerCase(), value.join("=")];
    }),
  );
  return { name: pair.slice(0, equals), value: pair.slice(equals + 1), attributes };
}

/** Makes the `Cookie` header that a browser sends after these lines. It ignores their paths. */
export function nextCookie(cookie: string, setCookie: readonly string[]): string {
  const jar = new Jar(cookie);
  jar.take(setCookie.map((line) => `${line.replace(/; Path=[^;]*/, "")}; Path=/`));
  return jar.header;
}

/** Runs one request. Returns its answer and the `Cookie` header of the next request. */
export function visit(
  sessions: Sessions<Anything>,
  cookie: string,
  handler: (session: Anything, context: SessionContext<Anything>) => void = () => undefined,
) {
  const context = sessions.open(cookie);
  handler(context.session, context);
  const commit = commitOf(context);
  return { commit, cookie: nextCookie(cookie, commit.setCookie) };
}

/** Returns the cookie's value in a `Cookie` header with one pair. */
export function valueOf(cookie: string): string {
  return cookie.slice(cookie.indexOf("=") + 1);
}

/**
 * Returns every value of a cookie by a simple reading of RFC 6265 §5.4, which is slow but easy to
 * check.
 */
export function splitCookies(header: string, name: string): string[] {
  const values = header
    .split(";")
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return [...new Set(values)];
}
