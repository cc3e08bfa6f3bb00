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
  | "csrf"
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
    const event: SessionEvent = { type, at: Date.now(), session, ...more };
    try {
      const outcome: unknown = this.#listener(event);
      if (outcome instanceof Promise) outcome.catch(ignore);
    } catch {
      // A listener that fails must not decide whether a request succeeds, nor end the process.
    }
    if (diagnostics.hasSubscribers) diagnostics.publish(event);
  }
}

const ignore = () => undefined;

const WARN_EVERY_MS = 10_000;

/**
 * The listener where the app gave none: warns of refused cookies and requests, once in ten seconds
 * for each reason, so that an attacker cannot fill the log.
 */
function createConsoleListener(): SessionListener {
  const said = new Map<string, { at: number; unsaid: number }>();
  return ({ type, reason, at }) => {
    const what = WARNINGS[type];
    if (what === undefined) return;
    const text = `[galleta] ${what}: ${reason}`;
    const last = said.get(text);
    if (last !== undefined && at - last.at < WARN_EVERY_MS) {
      last.unsaid += 1;
      return;
    }
    said.set(text, { at, unsaid: 0 });
    // oxlint-disable-next-line no-console -- telling is the default that the design asks for
    console.warn(last?.unsaid ? `${text} (and ${last.unsaid} more)` : text);
  };
}

const WARNINGS: Partial<Record<SessionEventType, string>> = {
  rejected: "a session cookie was refused",
  csrf: "a cross-site request was refused",
  store: "the session store failed",
};
