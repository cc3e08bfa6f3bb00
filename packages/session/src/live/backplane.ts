import type { MaybePromise } from "../maybe.ts";

/**
 * Carries what one process did to sessions to all others, so that their sockets and requests see
 * it. Messages may be lost, doubled or come back to their sender.
 */
export interface Backplane {
  /** Tells all other processes. What it throws is told as an event, and the request goes on. */
  publish(message: string): MaybePromise<unknown>;
  /**
   * Begins to listen.
   * @param onMessage hears every message
   * @param onGap hears that messages may have been missed, as after a reconnect
   */
  subscribe(onMessage: (message: string) => void, onGap: () => void): MaybePromise<unknown>;
  /** Stops listening, and may begin again. */
  close(): MaybePromise<unknown>;
}
