import type { SessionData } from "../session/data.ts";
import { exposeSession, heldBy, hold } from "./kit/expose.ts";
import { FetchSession } from "./kit/fetch-session.ts";
import { lazySessions, secondSessionError, type LazySessions } from "./kit/given.ts";
import { blockSession } from "./kit/locals.ts";
import { rescue } from "./kit/rescue.ts";
import { UrlFacts } from "./kit/url-facts.ts";

export type { SessionLocals } from "./kit/locals.ts";

/** The members of Astro's `APIContext` that this adapter uses. */
export interface AstroContext {
  readonly request: Request;
  readonly url: URL;
  readonly locals: object;
  readonly isPrerendered: boolean;
  readonly clientAddress: string;
}

/** A middleware of Astro, to export from `src/middleware.ts`. */
export type AstroMiddleware = (
  context: AstroContext,
  next: () => Promise<Response>,
) => Promise<Response>;

/**
 * Sessions for Astro: `context.locals.session` and `Astro.locals.session`, with the cross-site
 * check. Works in `sequence()`.
 *
 * @param given options, sessions shared with other code, or a function that returns either at the
 *   first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; a request fails with
 *   `ERR_SESSION_SETUP` if another session middleware comes before this one
 * @example
 * ```ts
 * // src/middleware.ts
 * export const onRequest = session({ secretKey: process.env.SECRET_KEY ?? "" });
 * ```
 */
export function session<Data = SessionData>(given: LazySessions<Data>): AstroMiddleware {
  const sessions = lazySessions(given);
  return async (context, next) => {
    const { request, locals } = context;
    if (context.isPrerendered) {
      blockSession(locals);
      return next();
    }
    const { property } = sessions();
    const before = heldBy(request, property) as FetchSession<Data> | undefined;
    if (heldBy(locals, property) !== undefined)
      throw secondSessionError(`context.locals.${property}`);
    if (before !== undefined) {
      // Astro renders its error page in a second pass, with new locals.
      exposeSession(locals, before);
      return before.finish(await next());
    }
    const facts = new UrlFacts(request, context.url, () => ({ remoteAddress: address(context) }));
    const held = new FetchSession(sessions(), request, { facts });
    hold(request, held);
    exposeSession(locals, held);
    const reply = await held.begin();
    if (reply !== undefined) return reply;
    try {
      return await held.finish(await next());
    } catch (error) {
      return rescue(error, held, null);
    }
  };
}

function address(context: AstroContext): string | undefined {
  try {
    return context.clientAddress;
  } catch {
    return undefined; // This Astro adapter cannot determine client addresses.
  }
}
