import { SessionError, type SessionErrorCode } from "../errors.ts";
import { nowSeconds } from "../session/clock.ts";
import type { Snapshot } from "../session/records.ts";
import { draftChange } from "./draft.ts";
import type { TicketOutcome } from "./messages.ts";
import { currentOf, hasEnded, refresh } from "./socket-session.ts";
import type { Attached } from "./attached.ts";
import { CONTROL } from "./socket.ts";
import { makeTicket, nameOf, ticketError } from "./ticket.ts";
import type { Tickets } from "./tickets.ts";
import { background } from "../timer.ts";

/** How many calls of `update` on one session may be unfinished. One more throws. */
const MOST_WAITING = 8;
/**
 * How many times `update` tries a change. If another change of the session came first, the change
 * is repeated on the newer data.
 */
const ATTEMPTS = 5;

/**
 * What {@link sendTicket} needs: the tickets that wait for a result, the path for pages, and a
 * function that reports a change.
 */
export interface TicketSender {
  readonly tickets: Tickets;
  readonly publicExchangePath: string | undefined;
  changed(change: Snapshot): void;
}

interface Delivery {
  readonly deliver: ((ticket: string) => unknown) | undefined;
  /** How many seconds to wait for the page. */
  readonly timeout: number;
}

/**
 * Changes a socket's session by a ticket, which the page exchanges for a new cookie. Changes of one
 * session run one after the other; each starts from the result of the previous one.
 */
export async function updateByTicket(
  hub: TicketSender,
  attached: Attached,
  change: (draft: object) => unknown,
  { deliver, timeout }: Delivery,
): Promise<void> {
  const { control } = attached.socket;
  if (deliver === undefined && control === undefined) {
    throw new SessionError(
      "ERR_SESSION_STORE_REQUIRED",
      "This page cannot fetch a cookie for its socket. Use the WebSocket of @galleta/session/client in the page, pass `deliver`, or set a store.",
    );
  }
  const line = (attached.live.line ??= { waiting: 0, turn: Promise.resolve() });
  if (line.waiting >= MOST_WAITING) throw ticketError("LIMIT");
  line.waiting += 1;
  const clock = new Clock(attached, timeout);
  const mine = line.turn.then(() => changeThroughPage(hub, attached, change, deliver, clock));
  line.turn = mine.catch(() => undefined);
  try {
    await Promise.race([mine, clock.over]);
  } finally {
    clock.stop();
    line.waiting -= 1;
  }
}

async function changeThroughPage(
  hub: TicketSender,
  attached: Attached,
  change: (draft: object) => unknown,
  deliver: Delivery["deliver"],
  clock: Clock,
): Promise<void> {
  const { context } = attached;
  for (let count = 0; count < ATTEMPTS; count += 1) {
    if (clock.isOver) return;
    const base = currentOf(context);
    const next = draftChange(context, base, change);
    if (next === undefined) return;
    const { ring } = context.settings;
    const ticket = makeTicket(ring, base.sid, { rev: base.rev, json: next.json }, nowSeconds());
    attached.own = next.json;
    const outcome = await sendTicket(hub, attached, ticket, deliver, clock);
    attached.own = undefined;
    if (outcome === undefined) return;
    const { code } = outcome;
    if (code === undefined) {
      // If the exchange ran in another process, this process may have got no message about it.
      if (currentOf(context).rev < next.rev) take(hub, attached, next);
      return;
    }
    const isBehind = code === "ERR_SESSION_TICKET_STALE" && currentOf(context).rev > base.rev;
    if (!isBehind) throw failure(code);
  }
  throw ticketError("STALE");
}

function take(hub: TicketSender, { context }: Attached, next: Snapshot): void {
  context.shared.recent.record(next.sid, next.rev, next.json, nowSeconds());
  refresh(context, next);
  hub.changed(next);
}

/**
 * Sends a ticket to the page and waits until it was exchanged for a cookie. Returns `undefined` if
 * the time is up before that.
 */
export async function sendTicket(
  hub: TicketSender,
  { socket }: Attached,
  ticket: string,
  deliver: Delivery["deliver"],
  clock: Clock,
): Promise<TicketOutcome | undefined> {
  const name = nameOf(ticket);
  let settle!: (outcome: TicketOutcome) => void;
  const outcome = new Promise<TicketOutcome>((resolve) => (settle = resolve));
  // A page with our client reports when it has its cookie. For other pages, the answered exchange
  // is all that the server can know.
  const stop = hub.tickets.wait(name, settle, deliver === undefined ? "page" : "exchange");
  try {
    if (deliver !== undefined) await deliver(ticket);
    else
      socket.control!(CONTROL + JSON.stringify({ id: name, ticket, path: hub.publicExchangePath }));
    return await Promise.race([outcome, clock.end]);
  } finally {
    stop();
  }
}

function failure(code: string): SessionError {
  const known: readonly SessionErrorCode[] = [
    "ERR_SESSION_ENDED",
    "ERR_SESSION_TOO_LARGE",
    "ERR_SESSION_SCHEMA",
    "ERR_SESSION_CSRF",
    "ERR_SESSION_UPDATE_TIMEOUT",
    "ERR_SESSION_TICKET_EXPIRED",
    "ERR_SESSION_TICKET_USED",
    "ERR_SESSION_TICKET_FOREIGN",
    "ERR_SESSION_TICKET_STALE",
  ];
  // The code comes from the page, so only known codes are accepted.
  const found = known.find((one) => one === code) ?? "ERR_SESSION_TICKET_INVALID";
  return new SessionError(found, "The page could not exchange its ticket for a cookie.");
}

/**
 * A time-out for the answer of a socket's page. The time is also up when the socket closes or its
 * session ends.
 */
export class Clock {
  isOver = false;
  /** A promise that resolves when the time is up. */
  readonly end: Promise<undefined>;
  /** A promise that rejects when the time is up. */
  readonly over: Promise<never>;
  readonly #timer: NodeJS.Timeout;
  readonly #ignoreEnd: () => void;

  constructor(attached: Attached, seconds: number) {
    let resolve!: (nothing: undefined) => void;
    let reject!: (error: Error) => void;
    this.end = new Promise((settle) => (resolve = settle));
    this.over = new Promise((_settle, fail) => (reject = fail));
    this.over.catch(() => undefined);
    const onEnd = () => {
      this.isOver = true;
      resolve(undefined);
      reject(timeIsUp(attached));
    };
    this.#timer = background(setTimeout(onEnd, seconds * 1000));
    this.#ignoreEnd = attached.onEnd(onEnd);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#ignoreEnd();
  }
}

function timeIsUp({ context }: Attached): SessionError {
  if (hasEnded(context)) {
    return new SessionError("ERR_SESSION_ENDED", "The session ended before it was changed.");
  }
  return new SessionError(
    "ERR_SESSION_UPDATE_TIMEOUT",
    "The page did not fetch its cookie in time, or was closed. The cookie may or may not have the change.",
  );
}
