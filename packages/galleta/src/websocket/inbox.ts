/** Makes the client wait, and lets it go on: the socket is not read in between (TCP does the rest). */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** How much may wait for the view. */
export interface InboxLimits {
  /** Messages. */
  readonly count: number;
  /** Bytes. */
  readonly size: number;
}

interface Waiter<Message> {
  readonly resolve: (result: IteratorResult<Message, undefined>) => void;
  readonly reject: (error: Error) => void;
}

interface Entry<Raw> {
  readonly raw: Raw;
  readonly size: number;
}

/**
 * The messages that wait for the view. At a limit the socket is no longer read, so that the client
 * is pushed back; what stood in the last chunk that was read still arrives. Reading goes on when
 * half of it is used up.
 *
 * Messages wait as they came and are read when they are given out; one that cannot be read is an
 * error for who takes it.
 */
export class Inbox<Raw, Message = Raw> {
  readonly #limits: InboxLimits;
  readonly #flow: Flow;
  readonly #read: (raw: Raw) => Message;
  readonly #waiters: Waiter<Message>[] = [];
  #entries: Entry<Raw>[] = [];
  #size = 0;
  #isPaused = false;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(limits: InboxLimits, flow: Flow, read: (raw: Raw) => Message) {
    this.#limits = limits;
    this.#flow = flow;
    this.#read = read;
  }

  /** Whether the client is being made to wait. It cannot answer a ping then. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Adds a message of `size` bytes. */
  push(raw: Raw, size: number): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter) {
      this.#give(raw, waiter);
      return;
    }
    this.#entries.push({ raw, size });
    this.#size += size;
    const { count, size: most } = this.#limits;
    if (!this.#isPaused && (this.#entries.length >= count || this.#size >= most)) {
      this.#isPaused = true;
      this.#flow.pause();
    }
  }

  /** The next message; done, or the error that {@link end} was given, after the last one. */
  take(): Promise<IteratorResult<Message, undefined>> {
    const entry = this.#entries.shift();
    if (entry !== undefined) {
      this.#size -= entry.size;
      this.#resumeWhenHalfEmpty();
      return new Promise((resolve, reject) => this.#give(entry.raw, { resolve, reject }));
    }
    if (this.#end === undefined) {
      return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    }
    const { error } = this.#end;
    return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  }

  /** No more messages come. Those that wait are still given out. */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const waiter of this.#waiters.splice(0)) {
      if (error) waiter.reject(error);
      else waiter.resolve({ value: undefined, done: true });
    }
  }

  /** Ends at once: what waits is dropped, and the socket read on, for the answer to a close. */
  discard(error?: Error): void {
    this.end(error);
    this.#entries = [];
    this.#size = 0;
    this.#resumeWhenHalfEmpty();
  }

  #give(raw: Raw, { resolve, reject }: Waiter<Message>): void {
    try {
      resolve({ value: this.#read(raw), done: false });
    } catch (error) {
      reject(error as Error);
    }
  }

  #resumeWhenHalfEmpty(): void {
    if (!this.#isPaused) return;
    const { count, size } = this.#limits;
    if (this.#entries.length > count / 2 || this.#size > size / 2) return;
    this.#isPaused = false;
    this.#flow.resume();
  }
}
