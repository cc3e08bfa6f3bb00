import { optionError } from "../errors.ts";
import { CONNECT, type ConnectedBackplane } from "../session/connect.ts";
import type { Shared } from "../session/shared.ts";
import type { Backplane } from "./backplane.ts";
import { LiveHub } from "./hub.ts";

/**
 * Makes a backplane from your own message bus with `publish`, `subscribe` and `close`.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if `publish`, `subscribe` or `close` is missing
 * @example
 * ```ts
 * const channel = new BroadcastChannel("sessions"); // between the threads of a process
 * const backplane = sessionBackplane({
 *   publish: (message) => channel.postMessage(message),
 *   subscribe(onMessage) {
 *     channel.onmessage = (event) => onMessage(String((event as MessageEvent).data));
 *   },
 *   close: () => channel.close(),
 * });
 * ```
 */
export function sessionBackplane(backplane: Backplane): Backplane & ConnectedBackplane {
  const methods = ["publish", "subscribe", "close"] as const;
  if (!methods.every((name) => typeof backplane?.[name] === "function")) {
    throw optionError(
      "backplane must be clusterBackplane(), redisBackplane(client), or have publish, subscribe and close.",
    );
  }
  // The app's object stays unchanged: it may be frozen, or a module.
  return {
    publish: (message, bucket) => backplane.publish(message, bucket),
    subscribe: (onMessage, onGap) => backplane.subscribe(onMessage, onGap),
    ...(backplane.follow && { follow: (bucket) => backplane.follow!(bucket) }),
    ...(backplane.unfollow && { unfollow: (bucket) => backplane.unfollow!(bucket) }),
    close: () => backplane.close(),
    // Uses `this` and not `backplane`: an app may spread this object and replace its methods.
    [CONNECT](shared: Shared) {
      return new LiveHub(shared, this);
    },
  };
}
