import { getHeapStatistics } from "node:v8";

/** Waiting messages may fill one part in this many of the heap. */
const PART_OF_HEAP = 8;

/** Holds waiting messages. */
export interface Holder {
  /** Drops its waiting messages. */
  giveUp(): void;
}

/**
 * Counts the bytes that wait on all sockets of a server. Each socket has its own limits. This limit
 * applies when very many sockets are at theirs.
 */
export class Backlog {
  readonly #most: number;
  #bytes = 0;
  /** Holders with messages for their view. The one that was read longest ago is first. */
  readonly #holders = new Set<Holder>();

  constructor(most = Math.floor(getHeapStatistics().heap_size_limit / PART_OF_HEAP)) {
    this.#most = most;
  }

  /** True if so much waits that slow clients are dropped earlier. */
  get isTight(): boolean {
    return this.#bytes > this.#most;
  }

  /** Counts bytes that wait for a client; negative when they are sent. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Counts a message that waits for its view. Above the limit, other holders drop theirs. */
  add(holder: Holder, bytes: number): void {
    this.#bytes += bytes;
    this.#holders.add(holder);
    while (this.isTight && this.#holders.size > 1) {
      const [oldest] = this.#holders;
      this.#holders.delete(oldest!);
      oldest!.giveUp();
    }
  }

  /** Counts messages that were read. Moves the holder to the end of the line, or out of it. */
  remove(holder: Holder, bytes: number, isEmpty: boolean): void {
    this.#bytes -= bytes;
    this.#holders.delete(holder);
    if (!isEmpty) this.#holders.add(holder);
  }
}
