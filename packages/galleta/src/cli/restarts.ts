const WINDOW_MILLISECONDS = 60_000;
const FIRST_DELAY_MILLISECONDS = 100;
const LONGEST_DELAY_MILLISECONDS = 10_000;

/** Decides how long to wait before a dead worker process is replaced, and when to give up. */
export class Restarts {
  readonly #limit: number;
  #deaths: number[] = [];

  /** @param limit how many deaths of worker processes within a minute are allowed */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts the death of a worker process, and says when to replace the worker.
   * @param now milliseconds on any clock that does not go back
   * @returns milliseconds to wait before the restart, more with each death in the last minute;
   *   `undefined` after too many
   */
  next(now: number): number | undefined {
    this.#deaths = this.#deaths.filter((death) => now - death < WINDOW_MILLISECONDS);
    this.#deaths.push(now);
    const count = this.#deaths.length;
    if (count > this.#limit) return undefined;
    return Math.min(FIRST_DELAY_MILLISECONDS * 2 ** (count - 1), LONGEST_DELAY_MILLISECONDS);
  }
}
