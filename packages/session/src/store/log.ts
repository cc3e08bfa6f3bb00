import { askStore } from "./limit.ts";
import type { LogRecord as Fact } from "../session/records.ts";
import { readFact, writeFact } from "./facts.ts";
import type { Mirror } from "./mirror.ts";
import type { LogEntry, LogPage, SessionStore } from "./store.ts";
import { background } from "../timer.ts";

const POLL_MS = 1000;
/** What is known here may be so old. */
const STALE_MS = 3000;
/** After a failure requests are told at once, and the store is left alone for so long. */
const REST_MS = 500;
/** What the store could not be told yet, at most. */
const MOST_OWED = 100_000;

/** Keeps a mirror of a store's log up to date. */
export class LogReader {
  readonly #store: SessionStore;
  readonly #mirror: Mirror;
  readonly #timeout: number;
  readonly #onFact: (fact: Fact) => void;
  #cursor: string | undefined;
  #readAt = -Infinity;
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #reading: Promise<void> | undefined;
  #owed: LogEntry[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds for one answer of the store */
  constructor(store: SessionStore, mirror: Mirror, timeout: number, onFact: (fact: Fact) => void) {
    this.#store = store;
    this.#mirror = mirror;
    this.#timeout = timeout;
    this.#onFact = onFact;
  }

  /** Reads every second from now on. @param onError hears when the store begins to fail */
  start(onError: (error: unknown) => void): void {
    this.#timer ??= background(
      setInterval(() => {
        const wasWell = this.#failure === undefined;
        this.#mirror.sweep(Math.floor(Date.now() / 1000));
        this.refresh().catch((error: unknown) => {
          if (wasWell) onError(error);
        });
      }, POLL_MS),
    );
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether the mirror is as new as it has to be. A store in this process is read on the spot. */
  isCurrent(): boolean {
    if (!this.#store.isLocal) return performance.now() - this.#readAt < STALE_MS;
    const page = this.#store.read(this.#cursor);
    if (!(page instanceof Promise)) this.#take(page);
    return true;
  }

  /**
   * Reads what is new. Calls at the same time share one reading.
   *
   * @throws SessionError `ERR_SESSION_STORE`
   */
  refresh(): Promise<void> {
    const { at = -Infinity, error } = this.#failure ?? {};
    if (performance.now() - at < REST_MS) return Promise.reject(error as Error);
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /** @throws SessionError `ERR_SESSION_STORE` */
  append(entry: LogEntry): Promise<void> {
    return askStore(() => this.#store.append([entry]), this.#timeout);
  }

  /** Notes what the store has to be told when it answers again. */
  owe(entry: LogEntry): void {
    if (this.#owed.length < MOST_OWED) this.#owed.push(entry);
  }

  async #read(): Promise<void> {
    const began = performance.now();
    try {
      await this.#pay();
      const seen = new Set<string>();
      // What was known before the store lost its log. Not looked for otherwise: there may be
      // millions, and this runs once a second.
      let known: Fact[] | undefined;
      let page: LogPage;
      do {
        page = await askStore(() => this.#store.read(this.#cursor), this.#timeout);
        if (page.lost) known ??= [...this.#mirror.revocations()];
        for (const text of page.entries) seen.add(text);
        this.#take(page);
      } while (page.more);
      if (known !== undefined) await this.#restore(known, seen);
      this.#readAt = began;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = { error, at: performance.now() };
      throw error;
    }
  }

  async #pay(): Promise<void> {
    const owed = this.#owed;
    if (owed.length === 0) return;
    this.#owed = [];
    try {
      await askStore(() => this.#store.append(owed), this.#timeout);
    } catch (error) {
      this.#owed = [...owed, ...this.#owed];
      throw error;
    }
  }

  /** The store lost its log: what is known here goes back into it. */
  async #restore(known: readonly Fact[], seen: ReadonlySet<string>): Promise<void> {
    const entries = known
      .map((fact) => ({ text: writeFact(fact), until: fact.until }))
      .filter(({ text }) => !seen.has(text));
    if (entries.length > 0) await askStore(() => this.#store.append(entries), this.#timeout);
  }

  #take(page: LogPage): void {
    this.#cursor = page.cursor;
    for (const text of page.entries) {
      const fact = readFact(text);
      if (fact !== undefined && this.#mirror.learn(fact)) this.#onFact(fact);
    }
  }
}
