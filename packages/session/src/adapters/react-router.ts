import { SessionError } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionData, SessionOf } from "../session/data.ts";
import type { JsonValue } from "../session/format.ts";
import { describe, flash } from "../session/functions.ts";
import { assertApartInProcess } from "./kit/beside.ts";
import { heldBy, hold } from "./kit/expose.ts";
import { FetchSession } from "./kit/fetch-session.ts";
import {
  checkedSessions,
  lazySessions,
  tooEarlyError,
  secondSessionError,
  type LazySessions,
} from "./kit/given.ts";
import { UrlFacts } from "./kit/url-facts.ts";

/** A middleware of a route module. */
export type RouterMiddleware = (
  args: { readonly request: Request; readonly context: object },
  next: () => Promise<Response>,
) => Promise<Response>;

/** Returns the session of a request; pass the `context` of the loader, action or middleware. */
export type GetSession<Data = SessionData> = (context: object) => SessionOf<Data>;

/**
 * Sessions for React Router: a middleware for the root route, and a function for loaders and
 * actions. The middleware does the cross-site check; the function returns the session.
 *
 * @param given options, shared sessions, or a function that returns them at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; a request fails with
 *   `ERR_SESSION_SETUP` if the middleware runs twice, or did not run before the session is used
 * @example
 * ```ts
 * // app/session.server.ts; app/root.tsx: export const middleware = [sessionMiddleware];
 * export const [sessionMiddleware, getSession] = session({ secretKey: process.env.SECRET_KEY ?? "" });
 * ```
 */
export function session<Data = SessionData>(
  given: LazySessions<Data>,
): readonly [RouterMiddleware, GetSession<Data>] {
  const sessions = lazySessions(given);
  const middleware: RouterMiddleware = async ({ request, context }, next) => {
    // The build renders these pages once for all visitors, so any use of the session throws.
    if (isBuild()) return next();
    const { property } = sessions();
    if (heldBy(context, property) !== undefined)
      throw secondSessionError("The session of this request");
    const facts = new UrlFacts(request, new URL(request.url));
    const held = new FetchSession(sessions(), request, { facts });
    hold(context, held);
    return (await held.begin()) ?? (await held.finish(await next()));
  };
  const getSession: GetSession<Data> = (context) => {
    const held = isBuild() ? undefined : heldBy(context, sessions().property);
    if (held === undefined) throw tooEarlyError("getSession(context)");
    return held.session;
  };
  return [middleware, getSession];
}

/**
 * True while the build prerenders pages. The build has no key, so it must not create the sessions.
 */
const isBuild = () => process.env["IS_RR_BUILD_REQUEST"] === "yes";

/** A session with the methods of React Router's sessions. */
export class RouterSession<Data = SessionData> {
  readonly #context: SessionContext<Data>;

  constructor(context: SessionContext<Data>) {
    this.#context = context;
  }

  /** The session's id. */
  get id(): string {
    return describe(this.#session).id;
  }

  /** A copy of the session's data. */
  get data(): SessionOf<Data> {
    return { ...this.#context.session };
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#session, name);
  }

  /**
   * Returns a value of the session. A message that {@link RouterSession.flash} stored is returned
   * only once.
   */
  get<Name extends keyof SessionOf<Data> & string>(name: Name): SessionOf<Data>[Name] {
    const value = this.#session[name] ?? flash(this.#session, name);
    return value as SessionOf<Data>[Name];
  }

  set<Name extends keyof SessionOf<Data> & string>(name: Name, value: SessionOf<Data>[Name]): void {
    this.#session[name] = value;
  }

  unset(name: keyof SessionOf<Data> & string): void {
    delete this.#session[name];
  }

  /** Stores a message that the next request can read once. */
  flash(name: string, value: JsonValue): void {
    flash(this.#session, name, value);
  }

  get #session(): Record<string, unknown> {
    return this.#context.session as Record<string, unknown>;
  }
}

/** The session storage that replaces the one from `createCookieSessionStorage`. */
export interface GalletaSessionStorage<Data = SessionData> {
  getSession(cookieHeader?: string | null): Promise<RouterSession<Data>>;
  /**
   * @returns the value of `Set-Cookie`; an empty string if there is no cookie to set
   */
  commitSession(session: RouterSession<Data>): Promise<string>;
  /** @returns the value of the `Set-Cookie` header that deletes the session's cookie */
  destroySession(session: RouterSession<Data>): Promise<string>;
}

/**
 * Replaces React Router's `createCookieSessionStorage`; loaders and actions stay unchanged.
 * Galleta's cross-site check is in the middleware of {@link session}. Without that middleware, only
 * React Router's own check applies.
 *
 * @param given as for {@link session}
 * @throws SessionError `ERR_SESSION_RUNTIME` if a session needs more than one cookie
 * @example
 * ```ts
 * export const { getSession, commitSession, destroySession } = createGalletaSessionStorage({
 *   secretKey: process.env.SECRET_KEY ?? "",
 * });
 * ```
 */
export function createGalletaSessionStorage<Data = SessionData>(
  given: LazySessions<Data>,
): GalletaSessionStorage<Data> {
  const sessions = checkedSessions(given, assertApartInProcess);
  const contexts = new WeakMap<RouterSession<Data>, SessionContext<Data>>();
  const save = async (context: SessionContext<Data> | undefined): Promise<string> => {
    if (context === undefined) throw notOurs();
    const [cookie = "", ...more] = (await context.save()).setCookie;
    if (more.length > 0) throw tooMany();
    return cookie;
  };
  return {
    async getSession(cookieHeader) {
      const context = sessions().open(cookieHeader);
      await context.load();
      const made = new RouterSession(context);
      contexts.set(made, context);
      return made;
    },
    commitSession: async (each) => save(contexts.get(each)),
    async destroySession(each) {
      contexts.get(each)?.destroy();
      return save(contexts.get(each));
    },
  };
}

function notOurs(): SessionError<"ERR_SESSION_NOT_A_SESSION"> {
  return new SessionError(
    "ERR_SESSION_NOT_A_SESSION",
    "This session belongs to another storage. Pass the session that `getSession` of this storage returned.",
  );
}

function tooMany(): SessionError<"ERR_SESSION_RUNTIME"> {
  return new SessionError(
    "ERR_SESSION_RUNTIME",
    "This session needs several cookies, but `commitSession` can return only one. Use the middleware of `session()`, or keep less in the session.",
  );
}
