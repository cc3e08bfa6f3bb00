import type { OtherProperties, SessionData, SessionOf } from "../../session/data.ts";

/** The members that the session middleware adds to `event.context`. */
export interface SessionEventContext<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** Assigning an object replaces the session's data; assigning null ends the session. */
  set session(value: SessionOf<Data> | null);
}

declare module "h3" {
  interface H3EventContext extends SessionEventContext, OtherProperties {}
}
