import { getHeapStatistics } from "node:v8";

/** The waiting messages of all sockets together may fill one eighth of the heap. */
const PART_OF_HEAP = 8;

/** A queue of the messages of one socket that wait for the view. */
export interface Holder {
  /**
   * Called when too many messages wait on all sockets. Drops the messages of this queue or closes
   * its socket.
   */
  giveUp(): void;
}

/**
 * Counts the bytes that wait on all sockets of a server, and limits their sum. Each socket also has
 * its own limits; the sum matters when very many sockets are close to theirs.
 */
export class Backlog {
  readonly #most: number;
  #bytes = 0;
  /**
   * The queues with messages that wait for a view. The queue that was read longest ago is first.
   */
  readonly #holders = new Set<Holder>();

  constructor(most = Math.floor(getHeapStatistics().heap_size_limit / PART_OF_HEAP)) {
    this.#most = most;
  }

  /**
   * True if the waiting messages exceed the limit. Clients that read too slowly are then
   * disconnected earlier.
   */
  get isTight(): boolean {
    return this.#bytes > this.#most;
  }

  /**
   * Adds bytes that wait to be sent to a client. A negative number subtracts bytes that were sent.
   */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * Counts a message that waits in a socket's queue. While all queues together exceed the limit,
   * calls `giveUp` on the queue that was read longest ago. The last queue is spared.
   */
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
   * Subtracts the bytes of messages that a view has read. Moves their queue to the end of the list,
   * or removes it if it is empty.
   */
  remove(holder: Holder, bytes: number, isEmpty: boolean): void {
    this.#bytes -= bytes;
    this.#holders.delete(holder);
    if (!isEmpty) this.#holders.add(holder);
  }
}
