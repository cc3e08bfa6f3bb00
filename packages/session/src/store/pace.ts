/**
 * After this many milliseconds, waiting commands are sent although earlier ones are unanswered. A
 * database that hangs must not hold up later commands.
 */
const PATIENCE_MS = 5;

/**
 * Decides when batches of commands are sent to a database: all together, at the end of a turn of
 * the event loop. If earlier commands are unanswered, the batches wait for the answers, but only a
 * few milliseconds. So a busy process sends few packets, and an idle one does not wait.
 */
export class Pace {
  readonly #due = new Set<() => void>();
  #unanswered = 0;
  #patience: NodeJS.Timeout | undefined;

  /**
   * Adds a batch that waits to be sent. `send` is called once, together with the other waiting
   * batches.
   */
  due(send: () => void): void {
    if (this.#due.size === 0) setImmediate(() => this.#endTurn());
    this.#due.add(send);
  }

  /**
   * Records that a command was sent to the database.
   * @param answer settles with the command's answer
   */
  sent(answer: Promise<unknown>): void {
    this.#unanswered += 1;
    const answered = () => {
      this.#unanswered -= 1;
      if (this.#unanswered > 0 || this.#patience === undefined) return;
      // Sends at the end of the turn, together with the commands that follow from the answers.
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
