/** The most pongs that may wait to be sent to one client. */
const MOST = 16;

/** Sends a pong. Calls `sent` when the operating system has taken the pong. */
export type SendPong = (data: Uint8Array, sent: () => void) => void;

/**
 * Answers pings no faster than the client reads the pongs. If 16 pongs wait, only the latest ping
 * is answered, as RFC 6455 §5.5.3 allows. So a client that pings and never reads cannot fill the
 * memory.
 */
export class Pongs {
  readonly #send: SendPong;
  #waiting = 0;
  #latest: Uint8Array | undefined;

  constructor(send: SendPong) {
    this.#send = send;
  }

  answer(data: Uint8Array): void {
    if (this.#waiting >= MOST) {
      this.#latest = data;
      return;
    }
    this.#waiting += 1;
    this.#send(data, () => this.#sent());
  }

  #sent(): void {
    this.#waiting -= 1;
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest !== undefined) this.answer(latest);
  }
}
