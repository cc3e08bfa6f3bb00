import type { RejectReason } from "./format.ts";

/** The properties of each type of event, in addition to those that all events have. */
export interface EventFacts {
  created: NoFacts;
  renewed: NoFacts;
  destroyed: NoFacts;
  /**
   * A user logged in: a session began with a user id in its data, or the user id changed. The
   * option `subject` names the field with the user id.
   */
  login: SignInFacts;
  /** A request ended its own session, or removed the user from it. */
  logout: SignInFacts;
  /**
   * A user's session ended, but not by a logout in its own request: another session or the app
   * ended it, or it expired. `by` has the cause.
   */
  ended: {
    readonly by: EndedBy;
    /** The handle of the ended session, as `sessions.list` returned it. */
    readonly handle: string;
    readonly label?: string | undefined;
    /**
     * The handle of the session that caused the end: the session passed to `end` as `by`, the one
     * that called `revokeOthers`, or the new one that exceeded `maxSessions`.
     */
    readonly other?: string | undefined;
  };
  expired: NoFacts;
  revoked: NoFacts;
  /**
   * A cookie was rejected. `reason` says why, and `format` names the framework that the cookie may
   * belong to.
   */
  rejected: {
    readonly reason: RejectReason;
    readonly format?: string | undefined;
    readonly message?: string | undefined;
  };
  /**
   * A session was verified with an old key. `keyIndex` is that key's position in the list of keys;
   * 0 is the key that signs.
   */
  rotated: { readonly keyIndex: number };
  /**
   * A session was migrated. `format` is the other framework whose cookie the session came from. The
   * reason "schema" means that `migrate` changed the session's data to fit the schema.
   */
  migrated: { readonly format: string } | { readonly reason: "schema" };
  /**
   * A session was too large for its cookie. `size` is how many bytes the cookie would need; `keys`
   * are the largest top-level keys of the data.
   */
  oversize: { readonly size: number; readonly keys: readonly string[] };
  /**
   * Two overlapping requests changed the same top-level keys of a session to different values.
   * `keys` names them.
   */
  conflict: { readonly keys: readonly string[] };
  /**
   * A change that had no effect. The `reason` says why:
   *
   * - `late`, `held-back`: a new session set no cookie, because it would replace one that the
   *   browser did not send.
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

/**
 * The properties of a login or logout event. These events need the options `store` and `subject`.
 */
interface SignInFacts {
  /** The handle of the session that logged in or out, as `sessions.list` returns it. */
  readonly handle: string;
  readonly label?: string | undefined;
  /**
   * The user id, from the field of the data that the option `subject` names. The property is not
   * enumerable because a user id is personal data: log it only if you are allowed to.
   */
  readonly user?: string | number | undefined;
}

/**
 * What ended a session. "session" is a call of `sessions.end` with `by`; "app" is a call of `end`
 * without `by`, or of `endWhere`. "expiry" means that the session expired; it is reported when a
 * list of the user's sessions drops it. The others name the function or the option that ended the
 * session.
 */
export type EndedBy = "session" | "app" | "revokeAll" | "revokeOthers" | "maxSessions" | "expiry";

/** The properties of an event about a denied request. */
interface DenialFacts {
  /** The name of the rule that denied the request. */
  readonly reason: string;
  readonly method?: string | undefined;
  /**
   * True if the denied request was the handshake of a WebSocket. Browsers do not tell a page why a
   * handshake failed.
   */
  readonly handshake?: true | undefined;
  /** The path of the request, without the query. */
  readonly path?: string | undefined;
  /** The request's Origin header. */
  readonly origin?: string | undefined;
  /** The origin of this site, which the request's Origin was compared with. */
  readonly own?: string | undefined;
  /** One line for a log: what happened, and what to do. */
  readonly message?: string | undefined;
}

/** The properties of an event about a failure of the store or the backplane. */
export interface StoreFacts {
  readonly reason: string;
  /** The error's code, such as `NOAUTH`, `READONLY`, `OOM`, `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /**
   * The error that the store or its client threw. The property is not enumerable, because the error
   * of a database client may contain a command with session data. Log it only if you are allowed
   * to.
   */
  readonly error?: unknown;
  /** One line for a log: what failed, and the error's code or name. */
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

/**
 * The properties of one type of event. The type declares the properties of all other events as
 * undefined, so that they can be read without a check of `type`.
 */
type FactsOf<Facts> = Facts extends unknown
  ? Facts & { readonly [Name in Exclude<Fact, keyof Facts>]?: undefined }
  : never;

/**
 * One event of a session. Its `type` decides which other properties it has. The enumerable
 * properties contain no token, secret, session id or data of the session.
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
 * A listener for all events. An error that the listener throws and a promise that it rejects are
 * ignored, so that they do not fail the request.
 */
export type SessionListener = (event: SessionEvent) => void;
