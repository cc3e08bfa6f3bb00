import type { RejectReason } from "./format.ts";

/** What an event tells beside its session, by its type. */
export interface EventFacts {
  created: NoFacts;
  renewed: NoFacts;
  destroyed: NoFacts;
  expired: NoFacts;
  revoked: NoFacts;
  /** Why a cookie was rejected, and whose it is where it looks like a neighbour's. */
  rejected: {
    readonly reason: RejectReason;
    readonly format?: string | undefined;
    readonly message?: string | undefined;
  };
  /** Which key verified the session; 0 is the one that signs. */
  rotated: { readonly keyIndex: number };
  /** Which framework wrote the session, or that `migrate` brought its data into the schema. */
  migrated: { readonly format: string } | { readonly reason: "schema" };
  /** Bytes that the cookie would have had, and the largest top-level keys. */
  oversize: { readonly size: number; readonly keys: readonly string[] };
  /** Top-level keys that two requests changed at once. */
  conflict: { readonly keys: readonly string[] };
  /**
   * Why a write to a new session gave no cookie (`late`, `held-back`), or an `update` was not
   * applied: the code of its error, or `change` where the change itself threw.
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

/** A request that was denied. */
interface DenialFacts {
  /** The rule that denied it. */
  readonly reason: string;
  readonly method?: string | undefined;
  /** There for the handshake of a WebSocket, whose refusal no browser shows. */
  readonly handshake?: true | undefined;
  /** Its path, without the query. */
  readonly path?: string | undefined;
  /** The Origin that came with it. */
  readonly origin?: string | undefined;
  /** The origin of this site that it was compared with. */
  readonly own?: string | undefined;
  /** One line for a log: what happened, and what to do. */
  readonly message?: string | undefined;
}

/** How the store or the backplane failed. */
export interface StoreFacts {
  readonly reason: string;
  /** What it said: `NOAUTH`, `READONLY`, `OOM`, `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /**
   * The error that the store or its client threw. Not enumerable, since a client's error may hold
   * its command, and with it data: log it where you may.
   */
  readonly error?: unknown;
  /** One line for a log. */
  readonly message?: string | undefined;
}

// oxlint-disable-next-line typescript/no-empty-object-type -- the other events tell more
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
  | "error";

/** The facts of a type, and of the others that they are not there. */
type Told<Facts> = Facts extends unknown
  ? Facts & { readonly [Name in Exclude<Fact, keyof Facts>]?: undefined }
  : never;

/**
 * One thing that happened; `type` tells which facts it has. It never holds a token, a secret, an id
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
    /** When, in milliseconds since 1970. */
    readonly at: number;
    /** A hash of the session's id: tells sessions apart, and opens none. */
    readonly session?: string | undefined;
  };
}[Type];

/**
 * Receives every event. What it throws, or what its promise rejects with, is not the request's
 * fault and is ignored.
 */
export type SessionListener = (event: SessionEvent) => void;
