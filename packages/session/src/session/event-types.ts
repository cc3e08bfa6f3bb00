import type { RejectReason } from "./format.ts";

/** The facts that an event has, by the event's type. */
export interface EventFacts {
  created: NoFacts;
  renewed: NoFacts;
  destroyed: NoFacts;
  /** A user logged in: the session began with a user, or the field of `subject` changed. */
  login: SignInFacts;
  /** A request ended its own session, or removed the user from it. */
  logout: SignInFacts;
  /** A user's session ended in any other way. */
  ended: {
    readonly by: EndedBy;
    /** The handle of the ended session, as in `sessions.list`. */
    readonly handle: string;
    readonly label?: string | undefined;
    /**
     * The handle of the session that caused the end: the one in `by` of `end`, the one that called
     * `revokeOthers`, or the new login of `maxSessions`.
     */
    readonly other?: string | undefined;
  };
  expired: NoFacts;
  revoked: NoFacts;
  /** The reason why a cookie was rejected, and the framework that it may belong to. */
  rejected: {
    readonly reason: RejectReason;
    readonly format?: string | undefined;
    readonly message?: string | undefined;
  };
  /** The index of the key that verified the session; 0 is the key that signs. */
  rotated: { readonly keyIndex: number };
  /**
   * `format` is the framework whose cookie the session came from. The reason "schema" means that
   * `migrate` changed the session's data to fit the schema.
   */
  migrated: { readonly format: string } | { readonly reason: "schema" };
  /** The bytes that the cookie would need, and the largest top-level keys. */
  oversize: { readonly size: number; readonly keys: readonly string[] };
  /** Top-level keys that two overlapping requests changed. */
  conflict: { readonly keys: readonly string[] };
  /**
   * A change that had no effect. The `reason` says why:
   *
   * - `late`, `held-back`: a new session set no cookie.
   * - `insecure`: the browser drops the cookie, because it is Secure and the page came over http.
   * - `change`: the function passed to `update` threw.
   * - the code of an error: an `update` was not applied, or `socketActivity` cannot prolong a
   *   session (reported once).
   */
  dropped: {
    readonly reason: string;
    readonly keys: readonly string[];
    readonly message?: string | undefined;
  };
  csrf: DenialFacts;
  host: DenialFacts;
  /** What happened to a device-bound session, or why its device was not accepted. */
  device: { readonly reason: string };
  store: StoreFacts;
}

/** A login or logout. Needs the options `store` and `subject`. */
interface SignInFacts {
  /** The handle of the session, as in `sessions.list`. */
  readonly handle: string;
  readonly label?: string | undefined;
  /**
   * The user id from the field of `subject`. It is not enumerable because it is personal data: log
   * it only if you are allowed to.
   */
  readonly user?: string | number | undefined;
}

/**
 * The cause of a session's end. "session" is `end` with `by`; "app" is `end` without it, or
 * `endWhere`. "expiry" is reported when a list of the user's sessions drops the expired one.
 */
export type EndedBy = "session" | "app" | "revokeAll" | "revokeOthers" | "maxSessions" | "expiry";

/** A request that was denied. */
interface DenialFacts {
  /** The rule that denied the request. */
  readonly reason: string;
  readonly method?: string | undefined;
  /** True for the handshake of a WebSocket. Browsers do not show the reason for its denial. */
  readonly handshake?: true | undefined;
  /** The path of the request, without the query. */
  readonly path?: string | undefined;
  /** The Origin of the request. */
  readonly origin?: string | undefined;
  /** The origin of this site, which the request's Origin was compared with. */
  readonly own?: string | undefined;
  /** One line for a log: what happened, and what to do. */
  readonly message?: string | undefined;
}

/** The facts of a failure of the store or the backplane. */
export interface StoreFacts {
  readonly reason: string;
  /** The error's code, such as `NOAUTH`, `READONLY`, `OOM`, `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /**
   * The error that the store or its client threw. It is not enumerable, because a client's error
   * may contain its command with session data. Log it only if you are allowed to.
   */
  readonly error?: unknown;
  /** One line for a log. */
  readonly message?: string | undefined;
}

// oxlint-disable-next-line typescript/no-empty-object-type -- the other events have facts
export interface NoFacts {}

/** The type of an event: what happened to a session. */
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

/** The facts of one type of event. The facts of all other types are undefined. */
type FactsOf<Facts> = Facts extends unknown
  ? Facts & { readonly [Name in Exclude<Fact, keyof Facts>]?: undefined }
  : never;

/**
 * One event of a session. Its `type` decides which facts it has. Its enumerable properties contain
 * no token, secret, session id or data of the session.
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
  readonly [Each in Type]: FactsOf<EventFacts[Each]> & {
    readonly type: Each;
    /** The time, in milliseconds since 1970. */
    readonly at: number;
    /** A hash of the session's id. It identifies the session in logs and gives no access to it. */
    readonly session?: string | undefined;
  };
}[Type];

/**
 * Receives every event. Its errors and rejected promises are ignored, so that they do not fail the
 * request.
 */
export type SessionListener = (event: SessionEvent) => void;
