import type { TicketOutcome } from "./messages.ts";
import { TICKET_SECONDS } from "./ticket.ts";

/** Called with the result of exchanging a ticket for a cookie. */
export type OnOutcome = (outcome: TicketOutcome) => void;

/**
 * The side that reports the exchange of a ticket for a cookie: the page, once it has the cookie, or
 * the server that answered the page's request.
 */
export type Confirmer = "page" | "exchange";

const SWEEP_AT = 1000;

/**
 * The tickets that this process sent and that are not exchanged yet, and the hashes of used
 * tickets.
 */
export class Tickets {
  readonly #waiting = new Map<string, { onOutcome: OnOutcome; confirmer: Confirmer }>();
  /** The hashes of used tickets, and until when they are remembered, in seconds since 1970. */
  readonly #used = new Map<string, number>();

  /**
   * Calls a function with the result when a ticket was exchanged, or its exchange failed.
   *
   * @returns a function that stops waiting
   */
  wait(ticket: string, onOutcome: OnOutcome, confirmer: Confirmer): () => void {
    this.#waiting.set(ticket, { onOutcome, confirmer });
    return () => this.#waiting.delete(ticket);
  }

  /**
   * Reports the result of a ticket to the call of `update` that waits for it. A failure may be
   * reported by either side, a success only by the side that `wait` named.
   */
  settle(outcome: TicketOutcome, confirmer: Confirmer): void {
    const waiting = this.#waiting.get(outcome.ticket);
    if (waiting === undefined) return;
    if (outcome.code !== undefined || waiting.confirmer === confirmer) waiting.onOutcome(outcome);
  }

  isUsed(ticket: string): boolean {
    return this.#used.has(ticket);
  }

  /** Marks a ticket as used, so that it cannot be exchanged again. */
  use(ticket: string, now: number): void {
    this.#used.set(ticket, now + TICKET_SECONDS);
    if (this.#used.size > SWEEP_AT) this.#sweep(now);
  }

  // A Map keeps insertion order, in which tickets also expire.
  #sweep(now: number): void {
    for (const [ticket, until] of this.#used) {
      if (until > now) return;
      this.#used.delete(ticket);
    }
  }
}
