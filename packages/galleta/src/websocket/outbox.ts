import type { Peer } from "crossws";
import { WebSocketDisconnect } from "../errors.ts";
import type { Backlog } from "./backlog.ts";

/**
 * Above this many waiting bytes, `send` waits for the event `drain`. No version of Node has a
 * higher limit for its sockets, so the event always follows.
 */
const HIGH_WATER = 64 * 1024;
/**
 * A socket with this many waiting bytes is cut, so that a view that does not await its sends cannot
 * fill the memory.
 */
const MOST = 16 * 1024 * 1024;
/** Replaces `MOST` while many bytes wait on all sockets of the server. */
const MOST_WHEN_TIGHT = 256 * 1024;

const SENT = Promise.resolve();

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Sends messages no faster than the client reads them. */
export class Outbox {
  readonly #peer: Peer;
  readonly #backlog: Backlog;
  /** Sends that wait for the client; created when one must wait. */
  #waiters: Waiter[] | undefined;
  /** Bytes in flight after the last send. */
  #waiting = 0;

  constructor(peer: Peer, backlog: Backlog) {
    this.#peer = peer;
    this.#backlog = backlog;
  }

  /**
   * Sends a message. Resolves immediately while the client reads fast enough, otherwise when it has
   * caught up.
   *
   * @throws WebSocketDisconnect if the socket closes before that, or if earlier messages of more
   *   than 16 MiB wait for the client; the limit is 256 KiB while the messages that wait on all
   *   sockets fill more than an eighth of the heap
   */
  send(data: string | Uint8Array): Promise<void> {
    const most = this.#backlog.isTight ? MOST_WHEN_TIGHT : MOST;
    if (this.#waiting > most && this.#peer.bufferedAmount > most) {
      this.end(new WebSocketDisconnect(1006, "The client reads too slowly."));
      this.#peer.terminate();
    } else {
      // On Node, `send` returns the bytes in flight.
      this.#count(this.#peer.send(data) as number);
      if (this.#waiting <= HIGH_WATER) return SENT;
    }
    const waiters = (this.#waiters ??= []);
    const drained = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
    // A send that the app does not await must not end the process when the client disconnects.
    drained.catch(() => undefined);
    return drained;
  }

  /** Called when the client has read all data. */
  drained(): void {
    this.#count(0);
    for (const waiter of this.#take()) waiter.resolve();
  }

  /** Called when the socket closes. */
  end(error: Error): void {
    this.#count(0);
    for (const waiter of this.#take()) waiter.reject(error);
  }

  #count(waiting: number): void {
    if (waiting === this.#waiting) return;
    this.#backlog.count(waiting - this.#waiting);
    this.#waiting = waiting;
  }

  #take(): readonly Waiter[] {
    const waiters = this.#waiters ?? [];
    this.#waiters = undefined;
    return waiters;
  }
}
