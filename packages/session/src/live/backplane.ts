import type { MaybePromise } from "../maybe.ts";

/**
 * Carries messages about sessions between the processes that hold their sockets. Messages may be
 * lost, repeated, late, or return to their sender. With a store, messages contain no session data.
 */
export interface Backplane {
  /**
   * Sends a message. An error becomes an event, and the request goes on.
   * @param bucket the bucket of the session or user, 0 to 1024; a backplane without `follow` may
   *   ignore it
   */
  publish(message: string, bucket: number): MaybePromise<unknown>;
  /**
   * Starts to listen.
   * @param onMessage receives every message
   * @param onGap called when messages may have been missed, such as after a reconnect
   */
  subscribe(onMessage: (message: string) => void, onGap: () => void): MaybePromise<unknown>;
  /**
   * Optional: starts to pass the messages of a bucket to `onMessage`. Resolves when the
   * subscription is active.
   */
  follow?(bucket: number): MaybePromise<unknown>;
  /** Optional: stops passing the messages of a bucket to `onMessage`. */
  unfollow?(bucket: number): MaybePromise<unknown>;
  /** Stops listening. A later `subscribe` starts to listen again. */
  close(): MaybePromise<unknown>;
}
