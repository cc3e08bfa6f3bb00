import type { Peer } from "crossws";
import { WebSocketDisconnect } from "../errors.ts";
import type { Backlog } from "./backlog.ts";

/**
 * If more than this many bytes wait to be sent, `send` waits for the event `drain`. Node emits
 * `drain` only after its own limit for a socket was reached. No version of Node has a higher limit
 * than this one, so the event always follows.
 */
const HIGH_WATER = 64 * 1024;
/**
 * If more than this many bytes wait to be sent on a socket, the next `send` terminates the socket.
 * So a view that does not await its sends cannot fill the memory.
 */
const MOST = 16 * 1024 * 1024;
/**
 * How many bytes may wait to be sent on one socket while the sockets of the server have too many
 * together. A `send` above this limit terminates its socket.
 */
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
  /**
   * Calls of `send` that wait until the client has read more; created when the first one must wait.
   */
  #waiters: Waiter[] | undefined;
  /** How many bytes waited to be sent after the last `send`. */
  #waiting = 0;

  constructor(peer: Peer, backlog: Backlog) {
    this.#peer = peer;
    this.#backlog = backlog;
  }

  /**
   * Sends a message. Resolves immediately while the client reads fast enough, otherwise when no
   * sent data waits any more.
   *
   * @throws WebSocketDisconnect if the socket closes before the promise resolves, or if more than
   *   16 MiB of earlier messages wait for the client. The limit is 256 KiB while the messages that
   *   wait on all sockets fill more than an eighth of the heap
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

  /** Called at the event `drain`, when no sent data waits any more. Resolves the waiting sends. */
  drained(): void {
    this.#count(0);
    for (const waiter of this.#take()) waiter.resolve();
  }

  /** Called when the socket closes. Rejects the sends that still wait. */
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
