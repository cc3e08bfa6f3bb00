import { Backlog, type Holder } from "./backlog.ts";

/** How many bytes may wait before the view first asks for a message. */
const BEFORE_FIRST = 64 * 1024;
/** After so many heartbeats without a read, a full queue is dropped. */
const PATIENCE = 10;
const PATIENCE_BEFORE_FIRST = 2;

/** The socket that messages come from. */
export interface Source<Raw, Message> {
  /** Stops reading from the socket, so that TCP slows the client down. */
  pause(): void;
  resume(): void;
  /** Converts a message for the view. May throw. */
  read(raw: Raw): Message;
  /** Ends the socket, because the view would miss dropped messages. */
  overrun?(): void;
}

/** How many messages and bytes may wait for the view. */
export interface InboxLimits {
  /** The largest number of messages. */
  readonly maxQueue: number;
  /** The largest number of bytes in all messages together. */
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
 * client down; the rest of the last chunk still arrives. Reading continues when the queue is half
 * empty.
 *
 * Messages wait in raw form and are converted when the view takes them. If that fails, the view
 * gets the error.
 */
export class Inbox<Raw, Message = Raw> implements Holder {
  readonly #limits: InboxLimits;
  readonly #source: Source<Raw, Message>;
  readonly #backlog: Backlog;
  /** The reader that waits for the next message, which is nearly always the view's loop. */
  #waiter: Waiter<Message> | undefined;
  #moreWaiters: Waiter<Message>[] | undefined;
  /** Created when a message must wait, so an idle socket has no queue. */
  #entries: Entry<Raw>[] | undefined;
  #size = 0;
  #isPaused = false;
  /** True if the view ever asked for a message. A view that only sends never does. */
  #wasAsked = false;
  #isDropping = false;
  /** Heartbeats since the last read while the queue was full. */
  #idleBeats = 0;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(limits: InboxLimits, source: Source<Raw, Message>, backlog = new Backlog()) {
    this.#limits = limits;
    this.#source = source;
    this.#backlog = backlog;
  }

  /** True while the socket is not read. The client's answer to a ping does not arrive then. */
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
   * Called at each heartbeat. If the view has not read for long, drops the waiting messages, so
   * that the client does not wait forever.
   */
  beat(): void {
    if (!this.#isPaused) return;
    this.#idleBeats += 1;
    if (this.#idleBeats >= (this.#wasAsked ? PATIENCE : PATIENCE_BEFORE_FIRST)) this.giveUp();
  }

  /**
   * Drops waiting messages. A view that only sends continues. One that reads would miss messages,
   * so its socket is closed.
   */
  giveUp(): void {
    if (this.#wasAsked) return this.#source.overrun?.();
    this.#isDropping = true;
    this.#clear();
  }

  /**
   * Returns the next message. After the last one it returns done, or throws the error passed to
   * {@link end}.
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

  /** Ends the inbox. The view can still take waiting messages. */
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

  /**
   * Ends the inbox and drops waiting messages. The socket is still read, to receive the client's
   * close frame.
   */
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
