import { Commit } from "../cookie/headers.ts";
import { SessionError } from "../errors.ts";
import type { DeviceRecord } from "../session/records.ts";
import type { Reply } from "../session/ports.ts";
import type { DeviceBinding } from "./binding.ts";
import { identifierOf, type DeviceKey } from "./jwk.ts";

// Without these headers, another site could load an endpoint and learn from the timing whether the
// user is logged in.
const PRIVATE = { "cross-origin-resource-policy": "same-origin", "x-frame-options": "DENY" };

/**
 * Makes the reply for a session that is bound to a device: the short-lived bound cookie, all
 * session instructions, and the next challenge.
 */
export function granted(
  binding: DeviceBinding,
  bound: {
    readonly sid: string;
    readonly record: DeviceRecord;
    readonly key: DeviceKey;
    readonly commit: Commit;
    readonly now: number;
  },
): Reply {
  const { sid, record, key, commit, now } = bound;
  const challenge = binding.challengeHeader(sid, record, identifierOf(key), now);
  return {
    status: 200,
    body: binding.instructions(key),
    headers: { ...PRIVATE, "secure-session-challenge": challenge },
    commit: withCookie(commit, binding.boundCookie(sid, record)),
  };
}

/** Makes the reply that asks the browser to sign a new challenge with its device's key. */
export function challenged(
  binding: DeviceBinding,
  bound: {
    readonly sid: string;
    readonly record: DeviceRecord;
    readonly identifier: string;
    readonly now: number;
  },
): Reply {
  const { sid, record, identifier, now } = bound;
  return {
    status: 403,
    body: JSON.stringify({ error: "Sign the challenge.", code: "ERR_SESSION_DEVICE" }),
    headers: {
      ...PRIVATE,
      "secure-session-challenge": binding.challengeHeader(sid, record, identifier, now),
    },
  };
}

/** Makes the reply that tells the browser to forget a device-bound session. */
export function ended(binding: DeviceBinding, identifier: string, commit: Commit): Reply {
  return {
    status: 200,
    body: JSON.stringify({ session_identifier: identifier, continue: false }),
    headers: PRIVATE,
    commit: withCookie(commit, binding.deletion()),
  };
}

function withCookie({ setCookie, clearSiteData, headers }: Commit, cookie: string): Commit {
  return new Commit(true, [...setCookie, cookie], clearSiteData, headers);
}

/**
 * Makes the reply to a rejected proof of a device. The reply does not contain the reason; only the
 * event `device` does.
 */
export function denied(): Reply {
  return {
    status: 400,
    body: JSON.stringify({
      error: "The device did not prove that it has the key.",
      code: "ERR_SESSION_DEVICE",
    }),
    headers: PRIVATE,
  };
}

/**
 * Makes the reply for a failed store. Its status 503 lets the browser keep its session and try
 * again.
 *
 * @throws the given error, if it does not have the status 503
 */
export function unavailable(error: unknown): Reply {
  if (!(error instanceof SessionError) || error.status !== 503) throw error;
  const { status, code, message } = error;
  return { status, body: JSON.stringify({ error: message, code }), headers: PRIVATE };
}
