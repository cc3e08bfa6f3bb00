import { Backlog, type Holder } from "./backlog.ts";

/** Bytes that may wait until the view first asks for a message. */
const BEFORE_FIRST = 64 * 1024;
/** Beats without a read after which a full queue is dropped. */
const PATIENCE = 10;
const PATIENCE_BEFORE_FIRST = 2;

/** The source of an inbox's messages. */
export interface Source<Raw, Message> {
  /** Makes the client wait: the socket is not read for a while (TCP does the rest). */
  pause(): void;
  resume(): void;
  /** Converts a message for the view. May throw. */
  read(raw: Raw): Message;
  /** Called when messages were dropped that the view would have read. Ends the socket. */
  overrun?(): void;
}

/** How much may wait for the view. */
export interface InboxLimits {
  /** The most messages. */
  readonly maxQueue: number;
  /** The most bytes, in total. */
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
 * The messages that wait for the view. At a limit the socket is no longer read, which slows the
 * client down; the rest of the last chunk still arrives. Reading continues when half is used up.
 *
 * Messages wait in raw form and are converted when they are given out. One that cannot be converted
 * is an error for its reader.
 */
export class Inbox<Raw, Message = Raw> implements Holder {
  readonly #limits: InboxLimits;
  readonly #source: Source<Raw, Message>;
  readonly #backlog: Backlog;
  /** The reader that waits for the next message: nearly always the view's one loop. */
  #waiter: Waiter<Message> | undefined;
  #moreWaiters: Waiter<Message>[] | undefined;
  /** Made when a message must wait: an idle socket has none. */
  #entries: Entry<Raw>[] | undefined;
  #size = 0;
  #isPaused = false;
  /** True if the view asked for a message, so it does not only send. */
  #wasAsked = false;
  #isDropping = false;
  /** Beats with a full queue and no read. */
  #idleBeats = 0;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(limits: InboxLimits, source: Source<Raw, Message>, backlog = new Backlog()) {
    this.#limits = limits;
    this.#source = source;
    this.#backlog = backlog;
  }

  /** True while the client must wait. It cannot answer a ping then. */
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
   * Called at each heartbeat. A client does not wait for ever: if the view has read nothing for
   * long, the waiting messages are dropped.
   */
  beat(): void {
    if (!this.#isPaused) return;
    this.#idleBeats += 1;
    if (this.#idleBeats >= (this.#wasAsked ? PATIENCE : PATIENCE_BEFORE_FIRST)) this.giveUp();
  }

  /**
   * Drops what waits. A view that only sends goes on. One that reads would miss messages, so its
   * socket ends.
   */
  giveUp(): void {
    if (this.#wasAsked) return this.#source.overrun?.();
    this.#isDropping = true;
    this.#clear();
  }

  /**
   * Returns the next message. After the last one it returns done, or throws the error of {@link
   * end}.
   */
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

  /** Ends the inbox. Waiting messages are still given out. */
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

  /** Ends the inbox and drops what waits. The socket is read on, for the answer to a close. */
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
