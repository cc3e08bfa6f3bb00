import { logError } from "./log.ts";

/** What `app.on` listens to. */
export type LifecycleEvent = "startup" | "shutdown";

/** Runs when the app starts or stops; the server waits for its promise. */
export type LifecycleListener = () => unknown;

/** The start and the stop of an app and of the apps mounted in it. */
export class Lifecycle {
  readonly #listeners: Record<LifecycleEvent, LifecycleListener[]> = { startup: [], shutdown: [] };
  readonly #mounted: Lifecycle[] = [];
  readonly #running: Lifecycle[] = [];
  #users = 0;
  #started: Promise<void> | undefined;

  on(event: LifecycleEvent, listener: LifecycleListener): void {
    this.#listeners[event].push(listener);
  }

  add(mounted: Lifecycle): void {
    this.#mounted.push(mounted);
  }

  /**
   * Starts, outer apps first. An app that is served twice starts once. Where a listener fails,
   * what has started is stopped again.
   */
  async start(): Promise<void> {
    this.#users += 1;
    this.#started ??= this.#start();
    try {
      await this.#started;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops with the last that started it, in the opposite order. */
  async stop(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#started = undefined;
    for (const mounted of this.#running.splice(0).toReversed()) await mounted.stop();
    for (const listener of this.#listeners.shutdown.toReversed()) {
      try {
        await listener();
      } catch (error) {
        // Whatever else has to be closed is closed all the same.
        logError("A shutdown listener failed:", error);
      }
    }
  }

  async #start(): Promise<void> {
    for (const listener of this.#listeners.startup) await listener();
    for (const mounted of this.#mounted) {
      await mounted.start();
      this.#running.push(mounted);
    }
  }
}
