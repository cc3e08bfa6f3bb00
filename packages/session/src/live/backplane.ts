import type { MaybePromise } from "../maybe.ts";

/**
 * Carries what one process did to sessions to the processes that hold sockets of them. Messages may
 * be lost, doubled, late, or come back to their sender. With a store they hold no data.
 */
export interface Backplane {
  /**
   * Sends a message. An error becomes an event, and the request goes on.
   * @param bucket the bucket of the session or user, 0 to 1024; a backplane without `follow` may
   * ignore it
   */
  publish(message: string, bucket: number): MaybePromise<unknown>;
  /**
   * Begins to listen.
   * @param onMessage hears every message
   * @param onGap hears that messages may have been missed, as after a reconnect
   */
  subscribe(onMessage: (message: string) => void, onGap: () => void): MaybePromise<unknown>;
  /** Optional: from now on `onMessage` hears this bucket. Resolves when it does. */
  follow?(bucket: number): MaybePromise<unknown>;
  /** Optional: `onMessage` need not hear this bucket any more. */
  unfollow?(bucket: number): MaybePromise<unknown>;
  /** Stops listening, and may begin again. */
  close(): MaybePromise<unknown>;
}
