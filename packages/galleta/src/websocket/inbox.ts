import { Backlog, type Holder } from "./backlog.ts";

/**
 * Until the view reads its first message, at most this many bytes of received messages may wait.
 */
const BEFORE_FIRST = 64 * 1024;
/**
 * If the message queue stays full for this many heartbeats of 30 seconds, and the view reads
 * nothing, the socket is closed.
 */
const PATIENCE = 10;
const PATIENCE_BEFORE_FIRST = 2;

/** The socket from which the messages of an inbox come. */
export interface Source<Raw, Message> {
  /** Stops reading from the socket, so that TCP slows the client down. */
  pause(): void;
  resume(): void;
  /** Converts a received message into the value that the view gets. May throw. */
  read(raw: Raw): Message;
  /**
   * Closes the socket when messages that the view has not read must be dropped: the view would not
   * notice the gap.
   */
  overrun?(): void;
}

/** How many messages and bytes may wait for the view. */
export interface InboxLimits {
  /** The largest number of messages that may wait for the view. */
  readonly maxQueue: number;
  /** The largest number of bytes that all waiting messages may have together. */
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
 * The received messages that the view has not read yet. If too many wait, the inbox stops reading
 * from the socket, so that TCP slows the client down; messages in data that has already arrived are
 * still added. Reading resumes when the queue is half empty.
 *
 * A message is converted only when the view takes it. If the conversion fails, the view gets the
 * error.
 */
export class Inbox<Raw, Message = Raw> implements Holder {
  readonly #limits: InboxLimits;
  readonly #source: Source<Raw, Message>;
  readonly #backlog: Backlog;
  /**
   * The call of `take` that waits for the next message. It nearly always comes from the view's
   * loop.
   */
  #waiter: Waiter<Message> | undefined;
  #moreWaiters: Waiter<Message>[] | undefined;
  /** The queue. Created when a message must wait, so an idle socket has no queue. */
  #entries: Entry<Raw>[] | undefined;
  #size = 0;
  #isPaused = false;
  /** True once the view has asked for a message. A view that only sends never asks. */
  #wasAsked = false;
  #isDropping = false;
  /** How many heartbeats with a full queue have passed since the view last asked for a message. */
  #idleBeats = 0;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(limits: InboxLimits, source: Source<Raw, Message>, backlog = new Backlog()) {
    this.#limits = limits;
    this.#source = source;
    this.#backlog = backlog;
  }

  /**
   * True while the inbox has stopped reading from the socket. The client's pongs then do not arrive
   * either, so a missing pong does not mean that the client is gone.
   */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Adds a received message of `size` bytes. */
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
   * Called at each heartbeat of the socket. If the queue has been full for several heartbeats and
   * the view reads nothing, calls {@link giveUp}, so that the client does not wait forever.
   */
  beat(): void {
    if (!this.#isPaused) return;
    this.#idleBeats += 1;
    if (this.#idleBeats >= (this.#wasAsked ? PATIENCE : PATIENCE_BEFORE_FIRST)) this.giveUp();
  }

  /**
   * Handles messages that have waited too long. If the view reads messages, its socket is closed,
   * because the view would miss some. If the view only sends, the messages are dropped and the
   * socket stays open.
   */
  giveUp(): void {
    if (this.#wasAsked) return this.#source.overrun?.();
    this.#isDropping = true;
    this.#clear();
  }

  /**
   * Returns the next message. After the last message, returns `{ done: true }`, or throws the error
   * that was passed to {@link end}.
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

  /** Accepts no more messages. The view can still take those that wait. */
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
   * Accepts no more messages, and drops those that wait. Reading from the socket continues, to
   * receive the client's close frame.
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
