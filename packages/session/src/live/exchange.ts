import type { Commit } from "../cookie/headers.ts";
import { SessionError } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import type { ExchangeAnswer } from "../session/ports.ts";
import type { Snapshot } from "../session/records.ts";
import { parseBody } from "../session/json.ts";
import { currentOf } from "./socket-session.ts";
import type { TicketOutcome } from "./messages.ts";
import type { Tickets } from "./tickets.ts";
import { makeReceipt, nameOf, openTicket, ticketError } from "./ticket.ts";

/**
 * What {@link exchangeTicket} needs: the list of used tickets, and functions that report the change
 * and the result.
 */
interface TicketDesk {
  readonly tickets: Tickets;
  changed(snapshot: Snapshot): void;
  ticketDone(outcome: TicketOutcome): void;
}

/**
 * Exchanges a ticket for a session cookie. A ticket is an encrypted change of a session, which
 * `update` sends to the page of a socket. It must be authentic, unexpired, unused, and made for the
 * newest revision of the request's session.
 *
 * @param context the request's context; the request must have passed the cross-site check
 */
export async function exchangeTicket(
  hub: TicketDesk,
  context: SessionContext<never>,
  ticket: string,
): Promise<ExchangeAnswer> {
  const name = nameOf(ticket);
  try {
    const commit = await redeem(hub, context, ticket, name);
    hub.ticketDone({ ticket: name });
    const body = JSON.stringify({ receipt: makeReceipt(context.settings.ring, name) });
    return { status: 200, commit, body };
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    const { code, message, status } = error;
    // A forged ticket has no owner, and the owner of a used ticket already knows its result.
    const hasOwner = code !== "ERR_SESSION_TICKET_INVALID" && code !== "ERR_SESSION_TICKET_USED";
    if (hasOwner) hub.ticketDone({ ticket: name, code });
    const commit = await context.commit();
    return { status, commit, body: JSON.stringify({ error: message, code }) };
  }
}

async function redeem(
  hub: TicketDesk,
  context: SessionContext<never>,
  ticket: string,
  name: string,
): Promise<Commit> {
  const { sid, rev, json } = openTicket(context.settings.ring, ticket, nowSeconds());
  await context.load();
  const { state } = context;
  const { loaded } = state;
  if (loaded.rejected === "revoked") {
    throw new SessionError("ERR_SESSION_ENDED", "The session has ended.", { status: 403 });
  }
  if (loaded.isNew || loaded.sid !== sid) throw ticketError("FOREIGN");
  if (hub.tickets.isUsed(name)) throw ticketError("USED");
  // A ticket without data only lets the commit prolong the session (see live/activity.ts).
  const isChange = json !== "";
  if (isChange && loaded.rev !== rev) {
    // The ticket may come from a process that does not know the newer revision yet.
    if (loaded.rev > rev) hub.changed(currentOf(context));
    throw ticketError("STALE");
  }
  const body = isChange ? parseBody(json) : undefined;
  if (isChange && body === undefined) throw ticketError("INVALID");
  hub.tickets.use(name, nowSeconds());
  if (body !== undefined) {
    context.session = body.data as never;
    state.meta = body.meta;
  }
  return context.commit();
}
