import { logError } from "./log.ts";

/** The events that `app.on` accepts: the app starts or stops. */
export type LifecycleEvent = "startup" | "shutdown";

/**
 * A function that runs when the app starts or stops. If the function returns a promise, the server
 * waits for it.
 */
export type LifecycleListener = () => unknown;

/** Starts and stops an app and the apps mounted in it. */
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
   * Runs the startup listeners of this app, then those of the apps mounted in it. If another server
   * already started the app, the listeners do not run again. If a listener throws, everything that
   * already started is stopped again.
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

  /** Runs the shutdown listeners in reverse order, when the app's last server stops. */
  async stop(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#started = undefined;
    for (const mounted of this.#running.splice(0).toReversed()) await mounted.stop();
    for (const listener of this.#listeners.shutdown.toReversed()) {
      try {
        await listener();
      } catch (error) {
        // The other listeners must still run.
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
