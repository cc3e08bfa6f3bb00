import { SessionError } from "../../errors.ts";
import type { OtherProperties, SessionData, SessionOf } from "../../session/data.ts";
import { exposeSession, type Holder } from "./expose.ts";

/** The members that the middleware adds to `event.locals` or `context.locals`. */
export interface SessionLocals<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** The session. Assign an object to replace its data, or null to end the session. */
  set session(value: SessionOf<Data> | null);
}

declare global {
  // SvelteKit and Astro extend their types through this namespace.
  namespace App {
    interface Locals extends SessionLocals, OtherProperties {}
  }
}

/** Gives the locals of a prerendered page a session property that always throws. */
export function blockSession(locals: object, error: unknown = prerendered()): void {
  const fail = (): never => {
    throw error;
  };
  const holder = Object.defineProperty({}, "session", { get: fail, set: fail });
  exposeSession(locals, holder as Holder<never>);
}

function prerendered(): SessionError<"ERR_SESSION_RUNTIME"> {
  return new SessionError(
    "ERR_SESSION_RUNTIME",
    "The build makes this page once for all visitors, so it has no session. Render the page on request, or do not use the session in it.",
  );
}
