import type { MaybePromise } from "../maybe.ts";

/**
 * Carries messages about sessions between the processes that hold their sockets. Messages may be
 * lost, repeated, late, or return to their sender. With a store, messages contain no session data.
 */
export interface Backplane {
  /**
   * Sends a message to the other processes. If this fails, the error is reported and the request
   * continues.
   * @param bucket a number from 0 to 1024 that is made from the session's or user's id. Processes
   *   follow only the numbers that they need. A backplane without `follow` may ignore the number
   */
  publish(message: string, bucket: number): MaybePromise<unknown>;
  /**
   * Starts to listen to messages of other processes.
   * @param onMessage receives every message
   * @param onGap called when messages may have been missed, such as after a reconnect
   */
  subscribe(onMessage: (message: string) => void, onGap: () => void): MaybePromise<unknown>;
  /**
   * Optional: starts to pass messages to `onMessage` that were published with this bucket number.
   * The promise resolves when the subscription is active.
   */
  follow?(bucket: number): MaybePromise<unknown>;
  /**
   * Optional: stops passing messages to `onMessage` that were published with this bucket number.
   */
  unfollow?(bucket: number): MaybePromise<unknown>;
  /** Stops listening to messages. A later `subscribe` starts to listen again. */
  close(): MaybePromise<unknown>;
}
