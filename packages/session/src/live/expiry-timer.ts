import { background } from "../timer.ts";

/** An item that expires at a given second. */
export interface Ending {
  /** When the item expires, in seconds since 1970. */
  endsAt: number;
  /**
   * When the timer next checks the item, in seconds since 1970; 0 if the item is not in the timer.
   * Only the timer sets this field.
   */
  turnsAt: number;
}

/**
 * Calls back when an item expires, with one timer for all items. Each second, the timer checks the
 * items that should expire then. Prolonging an item costs nothing, because the timer sees the new
 * expiry when it checks the item.
 */
export class ExpiryTimer<Item extends Ending> {
  readonly #onEnd: (item: Item) => void;
  readonly #seconds = new Map<number, Set<Item>>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  constructor(onEnd: (item: Item) => void) {
    this.#onEnd = onEnd;
  }

  /** Adds an item, or moves it if it now expires earlier. Items that never expire are ignored. */
  add(item: Item): void {
    if (item.turnsAt !== 0 && item.turnsAt <= item.endsAt) return;
    this.delete(item);
    if (!Number.isFinite(item.endsAt)) return;
    this.#start();
    // An overdue item ends at the next tick.
    const second = Math.max(item.endsAt, this.#last + 1);
    const items = this.#seconds.get(second);
    if (items === undefined) this.#seconds.set(second, new Set([item]));
    else items.add(item);
    item.turnsAt = second;
    this.#count += 1;
  }

  delete(item: Item): void {
    const { turnsAt } = item;
    if (turnsAt === 0) return;
    item.turnsAt = 0;
    this.#count -= 1;
    const items = this.#seconds.get(turnsAt)!;
    items.delete(item);
    if (items.size === 0) this.#seconds.delete(turnsAt);
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    this.#last = Math.floor(Date.now() / 1000) - 1;
    this.#schedule();
  }

  /** Schedules the next check for the start of the next second. */
  #schedule(): void {
    this.#timer = background(setTimeout(() => this.#turn(), 1002 - (Date.now() % 1000)));
  }

  #turn(): void {
    const now = Math.floor(Date.now() / 1000);
    // Many seconds may have passed if the machine slept or its clock was set.
    const isGap = now - this.#last > this.#seconds.size + 2;
    const due = isGap
      ? [...this.#seconds.keys()].filter((second) => second <= now)
      : Array.from({ length: now - this.#last }, (_, i) => this.#last + 1 + i);
    this.#last = now;
    for (const second of due) {
      for (const item of this.#seconds.get(second) ?? []) this.#end(item, now);
    }
    this.#timer = undefined;
    if (this.#count > 0) this.#schedule();
  }

  #end(item: Item, now: number): void {
    this.delete(item);
    if (item.endsAt > now) this.add(item);
    else this.#onEnd(item);
  }
}
