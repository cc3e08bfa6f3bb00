import { channel } from "node:diagnostics_channel";
import type { RejectReason } from "./format.ts";
import { shortHash } from "./hash.ts";

/** What happened to a session. */
export type SessionEventType =
  | "created"
  | "renewed"
  | "destroyed"
  | "rejected"
  | "expired"
  | "rotated"
  | "migrated"
  | "oversize"
  | "conflict"
  | "dropped"
  | "csrf"
  | "host"
  | "revoked"
  | "device"
  | "store";

/** One thing that happened. It never holds a token, a secret, an id or data of the session. */
export interface SessionEvent {
  readonly type: SessionEventType;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** A hash of the session's id: tells sessions apart, and opens none. */
  readonly session?: string | undefined;
  /** Why a cookie was rejected, or which rule refused a request. */
  readonly reason?: RejectReason | (string & {}) | undefined;
  /** Top-level keys that two requests changed at once (`conflict`), or the largest (`oversize`). */
  readonly keys?: readonly string[] | undefined;
  /** Which key verified the session (`rotated`); 0 is the one that signs. */
  readonly keyIndex?: number | undefined;
  /** Where a session came from (`migrated`). */
  readonly format?: string | undefined;
  /** Bytes that the cookie would have had (`oversize`). */
  readonly size?: number | undefined;
  /** The request that was denied (`csrf`, `host`): its method, and its path without the query. */
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  /** The Origin that came with it. */
  readonly origin?: string | undefined;
  /** The origin of this site that it was compared with. */
  readonly own?: string | undefined;
  /** One line for a log: what happened, and what to do. */
  readonly message?: string | undefined;
  /** What the store or the backplane said (`store`): `NOAUTH`, `READONLY`, `OOM`, `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /**
   * The error that the store or its client threw. Not enumerable, since a client's error may hold
   * its command, and with it data: log it where you may.
   */
  readonly error?: unknown;
}

/**
 * Receives every event. What it throws, or what its promise rejects with, is not the request's
 * fault and is ignored.
 */
export type SessionListener = (event: SessionEvent) => void;

const diagnostics = channel("galleta:session");

/** Sends events to the app's listener and to `node:diagnostics_channel` "galleta:session". */
export class Events {
  readonly #listener: SessionListener;

  constructor(listener: SessionListener | undefined) {
    this.#listener = listener ?? createConsoleListener();
  }

  emit(type: SessionEventType, sid: string | undefined, more: Partial<SessionEvent> = {}): void {
    const session = sid && shortHash(sid);
    const { error, ...told } = more;
    const event: SessionEvent = { type, at: Date.now(), session, ...told };
    if (error !== undefined) Object.defineProperty(event, "error", { value: error });
    try {
      const outcome: unknown = this.#listener(event);
      if (outcome instanceof Promise) outcome.catch(ignore);
    } catch {
      // A listener that fails must not decide whether a request succeeds, nor end the process.
    }
    if (diagnostics.hasSubscribers) diagnostics.publish(event);
  }
}

/** Redis begins the message of an error with its code, in capitals. */
const REDIS_CODE = /^[A-Z]{2,20}(?= |$)/;

/** What an event tells of an error of the store, or of the backplane. */
export function tellError(what: string, failure: unknown): Partial<SessionEvent> {
  const error =
    failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure;
  const {
    code,
    message = "",
    name = "an error",
  } = (error ?? {}) as Partial<Error & { code: unknown }>;
  const known = REDIS_CODE.exec(message)?.[0] ?? (typeof code === "string" ? code : undefined);
  return {
    error,
    ...(known !== undefined && { code: known }),
    message: `${what} failed with ${known ?? name}. The event's error has more.`,
  };
}

const ignore = () => undefined;

const WARN_EVERY_MS = 10_000;

/**
 * The listener where the app gave none: warns of refused cookies and requests, once in ten seconds
 * for each reason, so that an attacker cannot fill the log.
 */
function createConsoleListener(): SessionListener {
  const said = new Map<string, { at: number; unsaid: number }>();
  return ({ type, reason, at, message }) => {
    const what = WARNINGS[type];
    if (what === undefined) return;
    // Not by the message: what a client sends is in it.
    const kind = `${type} ${reason}`;
    const last = said.get(kind);
    if (last !== undefined && at - last.at < WARN_EVERY_MS) {
      last.unsaid += 1;
      return;
    }
    said.set(kind, { at, unsaid: 0 });
    const text = `[galleta] ${message ?? `${what}: ${reason}`}`;
    // oxlint-disable-next-line no-console -- telling is the default that the design asks for
    console.warn(last?.unsaid ? `${text} (and ${last.unsaid} more)` : text);
  };
}

const WARNINGS: Partial<Record<SessionEventType, string>> = {
  rejected: "a session cookie was rejected",
  dropped: "a write to a new session was dropped",
  csrf: "a cross-site request was denied",
  host: "a request for another host was denied",
  store: "the session store failed",
};
