import type { TicketOutcome } from "./messages.ts";
import { TICKET_SECONDS } from "./ticket.ts";

/** Hears how a ticket fared. */
export type OnOutcome = (outcome: TicketOutcome) => void;

/** Who says that a ticket was exchanged: its page, when it has the cookie, or the exchange. */
export type Confirmer = "page" | "exchange";

const SWEEP_AT = 1000;

/** The tickets of this process: those that wait for their exchange, and those that had it. */
export class Tickets {
  readonly #waiting = new Map<string, { onOutcome: OnOutcome; confirmer: Confirmer }>();
  /** Until when a ticket could come again, in seconds since 1970. */
  readonly #used = new Map<string, number>();

  /** Waits for a ticket. @returns stops waiting */
  wait(ticket: string, onOutcome: OnOutcome, confirmer: Confirmer): () => void {
    this.#waiting.set(ticket, { onOutcome, confirmer });
    return () => this.#waiting.delete(ticket);
  }

  /** Tells whoever waits. A refusal counts from either confirmer. */
  settle(outcome: TicketOutcome, confirmer: Confirmer): void {
    const waiting = this.#waiting.get(outcome.ticket);
    if (waiting === undefined) return;
    if (outcome.code !== undefined || waiting.confirmer === confirmer) waiting.onOutcome(outcome);
  }

  isUsed(ticket: string): boolean {
    return this.#used.has(ticket);
  }

  /** Uses a ticket up. */
  use(ticket: string, now: number): void {
    this.#used.set(ticket, now + TICKET_SECONDS);
    if (this.#used.size > SWEEP_AT) this.#sweep(now);
  }

  // Insertion order is the order in which they expire.
  #sweep(now: number): void {
    for (const [ticket, until] of this.#used) {
      if (until > now) return;
      this.#used.delete(ticket);
    }
  }
}
