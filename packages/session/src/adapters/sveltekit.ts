import { AsyncLocalStorage } from "node:async_hooks";
import { SessionError } from "../errors.ts";
import type { SessionData } from "../session/data.ts";
import { exposeSession, heldBy } from "./kit/expose.ts";
import { FetchSession } from "./kit/fetch-session.ts";
import { lazySessions, secondSessionError, type LazySessions } from "./kit/given.ts";
import { blockSession } from "./kit/locals.ts";
import { UrlFacts } from "./kit/url-facts.ts";

export type { SessionLocals } from "./kit/locals.ts";

/** The part of SvelteKit's `RequestEvent` that this adapter uses. */
export interface SvelteKitEvent {
  readonly request: Request;
  readonly url: URL;
  readonly locals: object;
  readonly isSubRequest: boolean;
  readonly platform?: unknown;
  readonly getClientAddress: () => string;
  readonly cookies: { set(name: string, value: string, options: never): void };
}

/** A `Handle` of SvelteKit, for `hooks.server.ts`. */
export type SvelteKitHandle = <Event extends SvelteKitEvent>(input: {
  event: Event;
  resolve: (event: Event) => Response | Promise<Response>;
}) => Promise<Response>;

/**
 * Sessions for SvelteKit: `event.locals.session`, with the cross-site check. A request that a page
 * makes on the server, with `event.fetch`, shares the session of the page.
 *
 * @param given options, shared sessions, or a function that returns them at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; a request fails with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * // src/hooks.server.ts
 * export const handle = session({ secretKey: process.env.SECRET_KEY ?? "" });
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>): SvelteKitHandle {
  const sessions = lazySessions(given);
  const outer = new AsyncLocalStorage<FetchSession<Data>>();

  return async ({ event, resolve }) => {
    const { locals, request } = event;
    const lent = event.isSubRequest && !omitsCookies(request) ? outer.getStore() : undefined;
    if (lent !== undefined) {
      exposeSession(locals, lent);
      return resolve(event);
    }
    let held: FetchSession<Data>;
    try {
      held = new FetchSession(sessions(), request, { facts: factsOf(event) });
    } catch (error) {
      if (!isPrerendering(event)) throw error;
      blockSession(locals);
      return resolve(event);
    }
    const { property } = held.sessions;
    if (heldBy(locals, property) !== undefined)
      throw secondSessionError(`event.locals.${property}`);
    exposeSession(locals, held);
    const reply = await held.begin();
    if (reply !== undefined) return reply;
    try {
      const response = await outer.run(held, () => resolve(event));
      // A request of `event.fetch` sets no cookie, which would overwrite that of the page's request.
      if (!event.isSubRequest) return await held.finish(response);
      await held.release();
      return response;
    } catch (error) {
      await keepInJar(held, event, error);
      throw error;
    }
  };
}

/**
 * Describes a request for the cross-site check. The client's address is that of the Node
 * connection, if the SvelteKit adapter passes `platform.req`.
 */
function factsOf(event: SvelteKitEvent): UrlFacts {
  return new UrlFacts(event.request, event.url, () => {
    const { req } = (event.platform ?? {}) as { req?: { socket?: { remoteAddress?: string } } };
    return { remoteAddress: req?.socket?.remoteAddress ?? clientAddress(event) };
  });
}

function clientAddress(event: SvelteKitEvent): string | undefined {
  try {
    return event.getClientAddress();
  } catch {
    return undefined; // This SvelteKit adapter cannot determine client addresses.
  }
}

/**
 * True while the build prerenders a page. SvelteKit then throws a specific error when asked for the
 * client's address.
 */
function isPrerendering(event: SvelteKitEvent): boolean {
  try {
    event.getClientAddress();
    return false;
  } catch (error) {
    return /prerender/i.test(String(error));
  }
}

function omitsCookies(request: Request): boolean {
  try {
    return request.credentials === "omit";
  } catch {
    return false; // workerd lacks this property.
  }
}

/**
 * Saves the session after another hook threw an error. SvelteKit sends the cookies in
 * `event.cookies` with a `redirect()`, but with no other error, so a changed session is then lost
 * and a warning is printed.
 */
async function keepInJar<Data>(
  held: FetchSession<Data>,
  event: SvelteKitEvent,
  error: unknown,
): Promise<void> {
  const { cookies } = await held.commit();
  if (cookies.length === 0) return;
  if (typeof (error as { location?: unknown } | null)?.location !== "string") warnOfLoss();
  const encode = (value: string) => value;
  for (const { name, value, attributes } of cookies) {
    event.cookies.set(name, value, { ...attributes, encode } as never);
  }
}

function warnOfLoss(): void {
  const lost = new SessionError(
    "ERR_SESSION_RUNTIME",
    "A hook threw after the session was changed, and SvelteKit answers such errors without cookies, so the change was lost. Return a response from the hook, or throw in a load function or an action.",
  );
  // oxlint-disable-next-line no-console -- no response can report it
  console.warn(`[galleta] ${lost.code}: ${lost.message}`);
}
