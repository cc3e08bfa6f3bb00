import { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { lengthPrefixed } from "../encoding.ts";
import { SessionError, type SessionErrorCode } from "../errors.ts";
import type { Revision } from "../session/records.ts";
import type { KeyRing } from "../token/keys.ts";
import { SKEW } from "../token/times.ts";
import { encryptToken, openToken, type OpenedToken } from "../token/token.ts";

/** A ticket must be exchanged for a cookie within this many seconds. */
export const TICKET_SECONDS = 60;

/** The error codes for a ticket that cannot be exchanged for a cookie. */
export type TicketCode = Extract<SessionErrorCode, `ERR_SESSION_TICKET_${string}`>;

/**
 * Makes a ticket: a change of a session, which the page exchanges for a new cookie. The ticket is
 * encrypted because it goes through the page. It is bound to the session and its revision.
 *
 * @param revision `rev` is the revision that the change applies to. `json` is the session's JSON
 *   after the change, or "" for a ticket that only prolongs the session
 */
export function makeTicket(
  ring: KeyRing,
  sid: string,
  { rev, json }: Revision,
  now: number,
): string {
  const times = { born: now, iat: now, exp: now + TICKET_SECONDS };
  return encryptToken({ sid, rev, json, ...times }, ring, "ticket");
}

/**
 * Returns a hash that identifies a ticket. Other processes and pages may see the hash, because it
 * cannot be exchanged for a cookie.
 */
export function nameOf(ticket: string): string {
  return createHash("sha256").update(ticket).digest("base64url").slice(0, 22);
}

/**
 * Decrypts a ticket and checks that it is still valid.
 * @param now seconds since 1970
 * @throws SessionError `ERR_SESSION_TICKET_INVALID` or `ERR_SESSION_TICKET_EXPIRED`
 */
export function openTicket(ring: KeyRing, ticket: string, now: number): OpenedToken {
  const opened = openToken(ticket, ring, { signed: false, encrypted: true }, "ticket");
  if (typeof opened === "string" || opened.iat > now + SKEW) throw ticketError("INVALID");
  if (now >= opened.exp) throw ticketError("EXPIRED");
  return opened;
}

const TICKET_ERRORS = {
  INVALID: [400, "This site did not issue the ticket, or the ticket was changed on the way."],
  EXPIRED: [410, "The ticket came too late: it is valid for 60 seconds. Make the change again."],
  USED: [409, "The ticket was already exchanged. Each change needs its own ticket."],
  FOREIGN: [403, "The ticket belongs to another session than this request's cookie."],
  STALE: [409, "The session has changed since the ticket was made. Make the change again."],
  LIMIT: [
    429,
    "Too many changes of this session wait for the page to fetch its cookie. Await earlier calls of update first.",
  ],
} as const;

/** Makes the error of a ticket that cannot be exchanged. */
export function ticketError(reason: keyof typeof TICKET_ERRORS): SessionError<TicketCode> {
  const [status, message] = TICKET_ERRORS[reason];
  return new SessionError(`ERR_SESSION_TICKET_${reason}`, message, { status });
}

/**
 * Makes a receipt, by which a page proves that it exchanged its ticket for a cookie. Only the
 * server can make a valid receipt.
 */
export function makeReceipt(ring: KeyRing, name: string): string {
  return sign(ring.newest.csrf, name).toString("base64url");
}

/** True if the receipt proves that this ticket was exchanged for a cookie. */
export function checkReceipt(ring: KeyRing, name: string, receipt: string): boolean {
  const given = Buffer.from(receipt, "base64url");
  return ring.keys.some(({ csrf }) => {
    const sum = sign(csrf, name);
    return given.length === sum.length && timingSafeEqual(given, sum);
  });
}

function sign(key: Parameters<typeof createHmac>[1], name: string): Buffer {
  // The same key signs CSRF tokens. Their first part has 16 bytes, and this label has another
  // length, so neither MAC can be used as the other.
  const parts = [lengthPrefixed("ticket-receipt"), lengthPrefixed(name)];
  return createHmac("sha256", key).update(Buffer.concat(parts)).digest();
}
