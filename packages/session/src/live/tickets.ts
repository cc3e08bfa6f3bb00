import type { TicketOutcome } from "./messages.ts";
import { TICKET_SECONDS } from "./ticket.ts";

/** Called with the result of a ticket's exchange. */
export type OnOutcome = (outcome: TicketOutcome) => void;

/** The side that confirms an exchange: the page when it has the cookie, or the exchange itself. */
export type Confirmer = "page" | "exchange";

const SWEEP_AT = 1000;

/** The tickets of this process that wait for their exchange, and the names of used ones. */
export class Tickets {
  readonly #waiting = new Map<string, { onOutcome: OnOutcome; confirmer: Confirmer }>();
  /** Until when each used ticket is remembered, in seconds since 1970. */
  readonly #used = new Map<string, number>();

  /**
   * Waits for the result of a ticket.
   *
   * @returns a function that stops waiting
   */
  wait(ticket: string, onOutcome: OnOutcome, confirmer: Confirmer): () => void {
    this.#waiting.set(ticket, { onOutcome, confirmer });
    return () => this.#waiting.delete(ticket);
  }

  /** Reports the result to the update that waits. An error is accepted from both confirmers. */
  settle(outcome: TicketOutcome, confirmer: Confirmer): void {
    const waiting = this.#waiting.get(outcome.ticket);
    if (waiting === undefined) return;
    if (outcome.code !== undefined || waiting.confirmer === confirmer) waiting.onOutcome(outcome);
  }

  isUsed(ticket: string): boolean {
    return this.#used.has(ticket);
  }

  /** Marks a ticket as used. */
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
