/**
 * How many milliseconds commands wait for the answers to earlier ones. A database that hangs must
 * not hold up later commands.
 */
const PATIENCE_MS = 5;

/**
 * Decides when batches are sent: all of them together, at the end of a turn of the event loop, and
 * after the earlier commands were answered. So a busy process sends few packets, and an idle one
 * waits for nothing.
 */
export class Pace {
  readonly #due = new Set<() => void>();
  #unanswered = 0;
  #patience: NodeJS.Timeout | undefined;

  /** Calls `send` when it is time. */
  due(send: () => void): void {
    if (this.#due.size === 0) setImmediate(() => this.#endTurn());
    this.#due.add(send);
  }

  /** Records a command. @param answer settles with its answer */
  sent(answer: Promise<unknown>): void {
    this.#unanswered += 1;
    const answered = () => {
      this.#unanswered -= 1;
      if (this.#unanswered > 0 || this.#patience === undefined) return;
      // At the end of the turn, so that what the answers lead to is sent along.
      setImmediate(() => this.#send());
    };
    answer.then(answered, answered);
  }

  #endTurn(): void {
    if (this.#unanswered === 0) this.#send();
    else this.#patience ??= setTimeout(() => this.#send(), PATIENCE_MS);
  }

  #send(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const due = [...this.#due];
    this.#due.clear();
    for (const send of due) send();
  }
}
