import type { Pace } from "./pace.ts";

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Options of {@link Batch}: when a batch is sent, and how large it may become. */
export interface BatchOptions<Item> {
  /** Decides when batches are sent. All batches for one database share this object. */
  readonly pace: Pace;
  /** The largest total size of the items in one batch. A single item may be larger. */
  readonly most: number;
  readonly sizeOf: (item: Item) => number;
}

/**
 * Collects small database commands, and sends them together. A batch has the commands of one turn
 * of the event loop, and those that arrive while earlier commands are unanswered. A database spends
 * more time on receiving a small command than on executing it.
 */
export class Batch<Item, Answer> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #options: BatchOptions<Item>;
  #waiting: Waiting<Item, Answer>[] = [];
  #size = 0;

  /** @param run sends the items and returns their answers in the same order */
  constructor(
    run: (items: readonly Item[]) => Promise<readonly Answer[]>,
    options: BatchOptions<Item>,
  ) {
    this.#run = run;
    this.#options = options;
  }

  add(item: Item): Promise<Answer> {
    const { most, sizeOf } = this.#options;
    const size = sizeOf(item);
    if (this.#size + size > most) this.#flush();
    if (this.#waiting.length === 0) this.#options.pace.due(this.#flush);
    this.#size += size;
    return new Promise((resolve, reject) => this.#waiting.push({ item, resolve, reject }));
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#size = 0;
    const answer = this.#run(waiting.map(({ item }) => item));
    answer.then(
      (answers) => waiting.forEach(({ resolve }, i) => resolve(answers[i] as Answer)),
      (error: unknown) => waiting.forEach(({ reject }) => reject(error)),
    );
    this.#options.pace.sent(answer);
  };
}
