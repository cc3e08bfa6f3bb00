import { SessionError } from "../../errors.ts";
import type { SessionData, SessionOf } from "../../session/data.ts";
import { exposeSession, type Holder } from "./expose.ts";

/** What a middleware gives `event.locals` or `context.locals`. */
export interface SessionLocals<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** An object replaces the data, null ends the session. */
  set session(value: SessionOf<Data> | null);
}

declare global {
  // The namespace that SvelteKit's and Astro's types are extended by.
  namespace App {
    interface Locals extends SessionLocals {}
  }
}

/** Gives the locals of a page that a build prerenders a session that only throws. */
export function refuseSession(locals: object, error: unknown = prerendered()): void {
  const refuse = (): never => {
    throw error;
  };
  const holder = Object.defineProperty({}, "session", { get: refuse, set: refuse });
  exposeSession(locals, holder as Holder<never>);
}

function prerendered(): SessionError<"ERR_SESSION_RUNTIME"> {
  return new SessionError(
    "ERR_SESSION_RUNTIME",
    "The build makes this page once for all visitors, so it has no session. Render it on request, or leave its session alone.",
  );
}
