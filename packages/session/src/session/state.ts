import type { Dictionary } from "./dictionary.ts";
import type { Draft, Saved } from "./draft.ts";
import type { JsonValue } from "./format.ts";

/** Metadata that travels with the data and is no part of it. */
export type Metadata = {
  /** Messages for the next request. */
  flash?: { [key: string]: JsonValue };
  /** When the user last proved who they are, in seconds since 1970. */
  authenticatedAt?: number;
  /** Keeps a session without data, because a CSRF token was made for it. */
  csrf?: 1;
};

/** What a request makes of its session. */
export interface State extends Draft {
  readonly dictionary: Dictionary;
  /** When the session was first asked for, in seconds since 1970. */
  readonly openedAt: number;
  sid: string;
  born: number;
  /** Never changed in place: other requests may share it. */
  meta: Metadata;
  destroyed: boolean;
  secure: boolean;
  clearSiteData: string | undefined;
  /** What the commit wrote. */
  issued: Saved["issued"];
}
