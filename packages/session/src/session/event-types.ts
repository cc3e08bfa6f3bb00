import type { RejectReason } from "./format.ts";

/** The further facts of an event, by its type. */
export interface EventFacts {
  created: NoFacts;
  renewed: NoFacts;
  destroyed: NoFacts;
  /** A user appears in a session: the session begins, or the field of `subject` changes. */
  login: SignInFacts;
  /** A request ends its own session, or removes the user from it. */
  logout: SignInFacts;
  /** Something else ended a session of a user. */
  ended: {
    readonly by: EndedBy;
    /** The handle of the ended session, as in `sessions.list`. */
    readonly handle: string;
    readonly label?: string | undefined;
    /**
     * The session that caused it: of `end` with `by`, of `revokeOthers`, or the new login of
     * `maxSessions`.
     */
    readonly other?: string | undefined;
  };
  expired: NoFacts;
  revoked: NoFacts;
  /** Why a cookie was rejected, and the other framework that it may belong to. */
  rejected: {
    readonly reason: RejectReason;
    readonly format?: string | undefined;
    readonly message?: string | undefined;
  };
  /** Which key verified the session; 0 is the one that signs. */
  rotated: { readonly keyIndex: number };
  /** Which framework wrote the session, or that `migrate` changed its data to fit the schema. */
  migrated: { readonly format: string } | { readonly reason: "schema" };
  /** Bytes that the cookie would need, and the largest top-level keys. */
  oversize: { readonly size: number; readonly keys: readonly string[] };
  /** Top-level keys that two overlapping requests changed. */
  conflict: { readonly keys: readonly string[] };
  /**
   * Why a write to a new session set no cookie (`late`, `held-back`), or why an `update` was not
   * applied: the code of its error, or `change` if the change itself threw. Once, why messages do not
   * prolong sessions (`socketActivity`).
   */
  dropped: {
    readonly reason: string;
    readonly keys: readonly string[];
    readonly message?: string | undefined;
  };
  csrf: DenialFacts;
  host: DenialFacts;
  /** What a device-bound session did, or why its device was not accepted. */
  device: { readonly reason: string };
  store: StoreFacts;
}

/** A login or logout. Needs the options `store` and `subject`. */
interface SignInFacts {
  /** The handle of the session, as in `sessions.list`. */
  readonly handle: string;
  readonly label?: string | undefined;
  /**
   * The user id from the field of `subject`. Not enumerable, because it is data: log it only where
   * that is allowed.
   */
  readonly user?: string | number | undefined;
}

/**
 * What ended a session of a user: another session by its handle, the app (`end` without `by`,
 * `endWhere`), a revocation, `maxSessions`, or its time. An expiry is reported when a list drops
 * the session.
 */
export type EndedBy = "session" | "app" | "revokeAll" | "revokeOthers" | "maxSessions" | "expiry";

/** A request that was denied. */
interface DenialFacts {
  /** The rule that denied it. */
  readonly reason: string;
  readonly method?: string | undefined;
  /** True for the handshake of a WebSocket. Browsers do not show why it was denied. */
  readonly handshake?: true | undefined;
  /** The path of the request, without the query. */
  readonly path?: string | undefined;
  /** The Origin of the request. */
  readonly origin?: string | undefined;
  /** The origin of this site that it was compared with. */
  readonly own?: string | undefined;
  /** One line for a log: what happened, and what to do. */
  readonly message?: string | undefined;
}

/** How the store or the backplane failed. */
export interface StoreFacts {
  readonly reason: string;
  /** The error's code: `NOAUTH`, `READONLY`, `OOM`, `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /**
   * The error that the store or its client threw. Not enumerable: a client's error may hold its
   * command, and with it data. Log it only where that is allowed.
   */
  readonly error?: unknown;
  /** One line for a log. */
  readonly message?: string | undefined;
}

// oxlint-disable-next-line typescript/no-empty-object-type -- the other events have facts
export interface NoFacts {}

/** What happened to a session. */
export type SessionEventType = keyof EventFacts;

export type Fact =
  | "reason"
  | "keys"
  | "keyIndex"
  | "format"
  | "size"
  | "method"
  | "path"
  | "handshake"
  | "origin"
  | "own"
  | "message"
  | "code"
  | "error"
  | "handle"
  | "label"
  | "user"
  | "by"
  | "other";

/** The facts of one type; those of other types are undefined. */
type Told<Facts> = Facts extends unknown
  ? Facts & { readonly [Name in Exclude<Fact, keyof Facts>]?: undefined }
  : never;

/**
 * One event of a session; `type` says which facts it has. It never holds a token, a secret, an id
 * or data of the session.
 *
 * @example
 * ```ts
 * import type { SessionEvent } from "@galleta/session";
 *
 * const onEvent = (event: SessionEvent) => {
 *   if (event.type === "rejected" && event.reason === "mac") console.warn("A forged cookie.");
 *   if (event.type === "conflict") console.info(event.keys.join());
 * };
 * ```
 */
export type SessionEvent<Type extends SessionEventType = SessionEventType> = {
  readonly [Each in Type]: Told<EventFacts[Each]> & {
    readonly type: Each;
    /** The time, in milliseconds since 1970. */
    readonly at: number;
    /** A hash of the session's id. It tells sessions apart and opens none. */
    readonly session?: string | undefined;
  };
}[Type];

/**
 * Receives every event. Its errors and rejected promises are ignored, so that they do not fail the
 * request.
 */
export type SessionListener = (event: SessionEvent) => void;
