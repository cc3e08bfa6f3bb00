import type { Dictionary } from "./dictionary.ts";
import type { Saved } from "./draft.ts";
import type { JsonValue } from "./format.ts";
import type { Verified } from "./load.ts";
import type { Loaded } from "./loaded.ts";

/** Metadata that travels with the data and is no part of it. */
export interface Metadata {
  /** Messages for the next request. */
  flash?: { [key: string]: JsonValue };
  /** When the user last proved who they are, in seconds since 1970. */
  authenticatedAt?: number;
  /** Keeps a session without data, because a CSRF token was made for it. */
  csrf?: 1;
}

/** What a request makes of its session. */
export interface State {
  readonly loaded: Loaded;
  readonly dictionary: Dictionary;
  /** When the session was first asked for, in seconds since 1970. */
  readonly openedAt: number;
  sid: string;
  born: number;
  /** Never changed in place: other requests may share it. */
  meta: Metadata;
  ended: readonly string[];
  /** What is there now belongs to a session that began in this request. */
  destroyed: boolean;
  clearSiteData?: string | undefined;
  /** What the commit wrote. */
  issued?: Saved["issued"];
}

/** What came of looking ahead, before anybody asked for the session. */
export type Ahead =
  | { readonly found: Verified | Loaded }
  | { readonly loaded: Loaded }
  | { readonly failure: unknown };
