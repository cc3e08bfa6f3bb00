import type { OtherProperties, SessionData, SessionOf } from "../../session/data.ts";

/** The members that the middleware adds to `event.context`. */
export interface SessionEventContext<Data = SessionData> {
  get session(): SessionOf<Data>;
  /** Assigning an object replaces the data; assigning null ends the session. */
  set session(value: SessionOf<Data> | null);
}

declare module "h3" {
  interface H3EventContext extends SessionEventContext, OtherProperties {}
}
