import { Backlog, type Holder } from "./backlog.ts";

/** Until the view first asks for a message, so many bytes may wait. */
const BEFORE_FIRST = 64 * 1024;
/** Beats of the heartbeat at which nothing was read before a full queue is given up. */
const PATIENCE = 10;
const PATIENCE_BEFORE_FIRST = 2;

/** Where messages come from. */
export interface Source<Raw, Message> {
  /** Makes the client wait: the socket is not read for a while (TCP does the rest). */
  pause(): void;
  resume(): void;
  /** A message as the view gets it. May throw. */
  read(raw: Raw): Message;
  /** Messages were dropped that the view does ask for: ends the socket. */
  overrun?(): void;
}

/** How much may wait for the view. */
export interface InboxLimits {
  /** Messages. */
  readonly maxQueue: number;
  /** Bytes, in all. */
  readonly maxMessageSize: number;
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
export class Inbox<Raw, Message = Raw> implements Holder {
  readonly #limits: InboxLimits;
  readonly #source: Source<Raw, Message>;
  readonly #backlog: Backlog;
  /** Who waits for the next message: hardly ever more than the view's one loop. */
  #waiter: Waiter<Message> | undefined;
  #moreWaiters: Waiter<Message>[] | undefined;
  /** Made when a message has to wait: an idle socket has none. */
  #entries: Entry<Raw>[] | undefined;
  #size = 0;
  #isPaused = false;
  /** The view asked for a message: it does not only send. */
  #wasAsked = false;
  #isDropping = false;
  /** Beats at which the queue was full and nothing had been read. */
  #idleBeats = 0;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(limits: InboxLimits, source: Source<Raw, Message>, backlog = new Backlog()) {
    this.#limits = limits;
    this.#source = source;
    this.#backlog = backlog;
  }

  /** Whether the client is being made to wait. It cannot answer a ping then. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Adds a message of `size` bytes. */
  push(raw: Raw, size: number): void {
    if (this.#end !== undefined || this.#isDropping) return;
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = this.#moreWaiters?.shift();
      this.#give(raw, waiter);
      return;
    }
    const entries = (this.#entries ??= []);
    entries.push({ raw, size });
    this.#size += size;
    const { maxQueue, maxMessageSize } = this.#limits;
    const most = this.#wasAsked ? maxMessageSize : Math.min(maxMessageSize, BEFORE_FIRST);
    if (!this.#isPaused && (entries.length >= maxQueue || this.#size >= most)) {
      this.#isPaused = true;
      this.#source.pause();
    }
    this.#backlog.add(this, size);
  }

  /**
   * Called at each beat of the heartbeat. A client is not made to wait for ever: where the view has
   * read nothing for long, what waits is given up.
   */
  beat(): void {
    if (!this.#isPaused) return;
    this.#idleBeats += 1;
    if (this.#idleBeats >= (this.#wasAsked ? PATIENCE : PATIENCE_BEFORE_FIRST)) this.giveUp();
  }

  /** Drops what waits. A view that only sends goes on; one that reads would miss it, and ends. */
  giveUp(): void {
    if (this.#wasAsked) return this.#source.overrun?.();
    this.#isDropping = true;
    this.#clear();
  }

  /** The next message; done, or the error that {@link end} was given, after the last one. */
  take(): Promise<IteratorResult<Message, undefined>> {
    this.#wasAsked = true;
    this.#idleBeats = 0;
    if (this.#isDropping) this.#source.overrun?.();
    const entry = this.#entries?.shift();
    if (entry !== undefined) {
      this.#size -= entry.size;
      this.#backlog.remove(this, entry.size, this.#entries!.length === 0);
      this.#resumeWhenHalfEmpty();
      return new Promise((resolve, reject) => this.#give(entry.raw, { resolve, reject }));
    }
    if (this.#end === undefined) {
      return new Promise((resolve, reject) => this.#wait({ resolve, reject }));
    }
    const { error } = this.#end;
    return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
  }

  #wait(waiter: Waiter<Message>): void {
    if (this.#waiter === undefined) this.#waiter = waiter;
    else (this.#moreWaiters ??= []).push(waiter);
  }

  /** No more messages come. Those that wait are still given out. */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    const waiters = this.#waiter === undefined ? [] : [this.#waiter, ...(this.#moreWaiters ?? [])];
    this.#waiter = this.#moreWaiters = undefined;
    for (const waiter of waiters) {
      if (error) waiter.reject(error);
      else waiter.resolve({ value: undefined, done: true });
    }
  }

  /** Ends at once: what waits is dropped, and the socket read on, for the answer to a close. */
  discard(error?: Error): void {
    this.end(error);
    this.#clear();
  }

  #clear(): void {
    if (this.#entries !== undefined) this.#backlog.remove(this, this.#size, true);
    this.#entries = undefined;
    this.#size = 0;
    this.#resumeWhenHalfEmpty();
  }

  #give(raw: Raw, { resolve, reject }: Waiter<Message>): void {
    try {
      resolve({ value: this.#source.read(raw), done: false });
    } catch (error) {
      reject(error as Error);
    }
  }

  #resumeWhenHalfEmpty(): void {
    if (!this.#isPaused) return;
    const { maxQueue, maxMessageSize } = this.#limits;
    const count = this.#entries?.length ?? 0;
    if (count > maxQueue / 2 || this.#size > maxMessageSize / 2) return;
    this.#isPaused = false;
    this.#source.resume();
  }
}
