import type { Peer } from "crossws";
import { WebSocketDisconnect } from "../errors.ts";
import type { Backlog } from "./backlog.ts";

/** From here on `send` waits, in bytes. Above what any Node version buffers before it says so. */
const HIGH_WATER = 64 * 1024;
/** A view that does not wait for its sends cannot fill the memory: here the socket is broken. */
const MOST = 16 * 1024 * 1024;
/** The same, while very much waits on the sockets of the server together. */
const MOST_WHEN_TIGHT = 256 * 1024;

const SENT = Promise.resolve();

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What is sent to a client, no faster than it reads. */
export class Outbox {
  readonly #peer: Peer;
  readonly #backlog: Backlog;
  /** Sends that wait for the client; made for the first that has to. */
  #waiters: Waiter[] | undefined;
  /** Bytes on their way after the last send. */
  #waiting = 0;

  constructor(peer: Peer, backlog: Backlog) {
    this.#peer = peer;
    this.#backlog = backlog;
  }

  /**
   * Sends; resolves at once while the client keeps up, else when it has caught up.
   *
   * @throws WebSocketDisconnect when the socket ends before that, or more than 16 MiB of earlier
   * messages wait for the client, or 256 KiB where an eighth of the heap waits on all sockets
   */
  send(data: string | Uint8Array): Promise<void> {
    const most = this.#backlog.isTight ? MOST_WHEN_TIGHT : MOST;
    if (this.#waiting > most && this.#peer.bufferedAmount > most) {
      this.end(new WebSocketDisconnect(1006, "The client reads too slowly."));
      this.#peer.terminate();
    } else {
      // On Node it gives what is on its way.
      this.#count(this.#peer.send(data) as number);
      if (this.#waiting <= HIGH_WATER) return SENT;
    }
    const waiters = (this.#waiters ??= []);
    const drained = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
    // A send that nobody waits for must not end the process when the client goes away.
    drained.catch(() => undefined);
    return drained;
  }

  /** The client has read everything. */
  drained(): void {
    this.#count(0);
    for (const waiter of this.#take()) waiter.resolve();
  }

  /** The socket ends. */
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
