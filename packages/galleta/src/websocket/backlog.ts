import { getHeapStatistics } from "node:v8";

/** Waiting messages may fill one eighth of the heap. */
const PART_OF_HEAP = 8;

/** A queue of waiting messages. */
export interface Holder {
  /** Drops its waiting messages. */
  giveUp(): void;
}

/**
 * Counts the bytes that wait on all sockets of a server. Each socket has its own limits; this limit
 * applies when very many sockets are close to theirs.
 */
export class Backlog {
  readonly #most: number;
  #bytes = 0;
  /** Queues with messages for their view. The one that was read longest ago is first. */
  readonly #holders = new Set<Holder>();

  constructor(most = Math.floor(getHeapStatistics().heap_size_limit / PART_OF_HEAP)) {
    this.#most = most;
  }

  /** True if so many bytes wait that slow clients are dropped earlier. */
  get isTight(): boolean {
    return this.#bytes > this.#most;
  }

  /** Adds bytes that wait for a client. Call it with a negative number when they were sent. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Adds a message that waits for its view. Above the limit, other queues drop their messages. */
  add(holder: Holder, bytes: number): void {
    this.#bytes += bytes;
    this.#holders.add(holder);
    while (this.isTight && this.#holders.size > 1) {
      const [oldest] = this.#holders;
      this.#holders.delete(oldest!);
      oldest!.giveUp();
    }
  }

  /**
   * Subtracts messages that were read. Moves the queue to the end of the list, or removes it if it
   * is empty.
   */
  remove(holder: Holder, bytes: number, isEmpty: boolean): void {
    this.#bytes -= bytes;
    this.#holders.delete(holder);
    if (!isEmpty) this.#holders.add(holder);
  }
}
