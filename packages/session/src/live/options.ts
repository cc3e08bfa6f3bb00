import { SessionError } from "../errors.ts";
import type { Backplane } from "./backplane.ts";

/** The options of sessions that concern sockets and other processes. */
export interface LiveOptions {
  /**
   * Tells other processes what happened to sessions: `redisBackplane(client)`,
   * `clusterBackplane()`. Default: none, for one process alone.
   */
  readonly backplane?: Backplane | undefined;
  /** Where pages exchange the tickets of `update`. Default "/.galleta/session". */
  readonly exchangePath?: string | undefined;
}

/** Every option of {@link LiveOptions}. */
export const LIVE_OPTION_NAMES = [
  "backplane",
  "exchangePath",
] as const satisfies readonly (keyof LiveOptions)[];

const DEFAULT_PATH = "/.galleta/session";

/**
 * Checks the options of live sessions.
 *
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function readLiveOptions({ backplane, exchangePath = DEFAULT_PATH }: LiveOptions) {
  const methods = ["publish", "subscribe", "close"] as const;
  if (
    backplane !== undefined &&
    !methods.every((name) => typeof backplane?.[name] === "function")
  ) {
    throw new SessionError(
      "ERR_SESSION_OPTION",
      "backplane must be clusterBackplane(), redisBackplane(client), or have publish, subscribe and close.",
    );
  }
  if (typeof exchangePath !== "string" || !/^\/[\w.~/-]+$/.test(exchangePath)) {
    throw new SessionError(
      "ERR_SESSION_OPTION",
      'exchangePath must be a plain path, as in "/.galleta/session".',
    );
  }
  return { backplane, exchangePath };
}
