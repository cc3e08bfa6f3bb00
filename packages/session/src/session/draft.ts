import type { Times } from "../token/header.ts";
import { serializeBody } from "./body.ts";
import type { JsonObject } from "./format.ts";
import { parseBody } from "./json.ts";
import type { Loaded, Shared } from "./loaded.ts";
import { mergeData } from "./merge.ts";

/** The session as the handler left it. */
export interface Draft {
  /** What it started from. */
  readonly loaded: Loaded;
  /** Another id than the loaded one where the session was renewed or ended. */
  readonly sid: string;
  /** When the session began; a renewed one begins anew. */
  readonly born: number;
  readonly data: JsonObject;
  readonly meta: JsonObject;
  /** Whether the session was ended, so that what is there now is another one. */
  readonly destroyed: boolean;
  /** Whether the request came over TLS, for `httpsOnly: "auto"`. */
  readonly secure: boolean;
}

/** What a commit did. */
export interface Saved {
  readonly setCookie: readonly string[];
  /** The session as its next reader finds it; undefined where there is none any more. */
  readonly issued?: Issued | undefined;
}

/** A session as it is issued: what its token says, but for the id. */
export interface Issued extends Times {
  readonly rev: number;
  readonly json: string;
}

/** What a request did to its session, as far as that is decided before anyone is asked. */
export interface Work {
  /** The session's JSON as the request left it. */
  readonly json: string;
  readonly changed: boolean;
  readonly renewed: boolean;
}

/**
 * What two requests made of one session: their changes of different keys both hold, of the same
 * key ours does, and an event says so.
 */
export function mergeBodies(
  { settings }: Shared,
  sid: string,
  ...jsons: [base: string, newest: string, ours: string]
): string {
  const [base, theirs, ours] = jsons.map((json) => parseBody(json));
  if (base === undefined || theirs === undefined || ours === undefined) return jsons[2];
  const { data, conflicts } = mergeData(base.data, theirs.data, ours.data);
  const { data: meta } = mergeData(base.meta, theirs.meta, ours.meta);
  if (conflicts.length > 0) settings.events.emit("conflict", sid, { keys: conflicts });
  return serializeBody(data, meta);
}
