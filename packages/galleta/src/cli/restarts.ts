const WINDOW_MILLISECONDS = 60_000;
const FIRST_DELAY_MILLISECONDS = 100;
const LONGEST_DELAY_MILLISECONDS = 10_000;

/** Decides when a dead worker is replaced, and prevents an endless loop of restarts. */
export class Restarts {
  readonly #limit: number;
  #deaths: number[] = [];

  /** @param limit how many deaths within a minute are allowed */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts a death.
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
