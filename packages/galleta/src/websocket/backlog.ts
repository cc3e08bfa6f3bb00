import { getHeapStatistics } from "node:v8";

/** The part of the heap that messages may fill which wait for views or clients. */
const PART_OF_HEAP = 8;

/** Something whose messages wait. */
export interface Holder {
  /** Gives up what waits. */
  giveUp(): void;
}

/**
 * The bytes that wait on all sockets of a server. Each socket has limits of its own; this one holds
 * when very many are at theirs.
 */
export class Backlog {
  readonly #most: number;
  #bytes = 0;
  /** Whose messages wait for their view; who was read least lately goes first. */
  readonly #holders = new Set<Holder>();

  constructor(most = Math.floor(getHeapStatistics().heap_size_limit / PART_OF_HEAP)) {
    this.#most = most;
  }

  /** Whether so much waits that slow clients are given up earlier. */
  get isTight(): boolean {
    return this.#bytes > this.#most;
  }

  /** Counts bytes that wait for a client; negative once they are gone. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Counts a message that waits for its view. Above the limit others are given up. */
  add(holder: Holder, bytes: number): void {
    this.#bytes += bytes;
    this.#holders.add(holder);
    while (this.isTight && this.#holders.size > 1) {
      const [oldest] = this.#holders;
      this.#holders.delete(oldest!);
      oldest!.giveUp();
    }
  }

  /** Messages were read: the holder goes to the end of the line, or out of it. */
  remove(holder: Holder, bytes: number, isEmpty: boolean): void {
    this.#bytes -= bytes;
    this.#holders.delete(holder);
    if (!isEmpty) this.#holders.add(holder);
  }
}
