import type { ConnectedBackplane } from "../session/connect.ts";
import type { Backplane } from "./backplane.ts";
import { sessionBackplane } from "./session-backplane.ts";

const CHANNEL = "session";

/** A message from one worker, which the primary passes on to the other workers. */
interface Envelope {
  readonly galleta: "backplane";
  readonly channel: string;
  readonly payload: unknown;
}

/**
 * A backplane for the workers of `node:cluster` on one machine. The primary process must pass
 * messages between the workers. `galleta serve --workers N` does this, and uses this backplane
 * automatically. If you write your own primary, send every message whose field `galleta` is
 * `"backplane"` to all other workers.
 *
 * @example
 * ```ts
 * createSessions({ secretKey, backplane: clusterBackplane() });
 * ```
 */
export function clusterBackplane(): Backplane & ConnectedBackplane {
  let listener: ((message: unknown) => void) | undefined;
  return sessionBackplane({
    publish(payload) {
      const envelope: Envelope = { galleta: "backplane", channel: CHANNEL, payload };
      // A process without a primary has no other process to send to.
      if (process.connected) process.send!(envelope);
    },
    subscribe(onMessage) {
      listener = (message) => {
        const { galleta, channel, payload } = (message ?? {}) as Partial<Envelope>;
        if (galleta !== "backplane" || channel !== CHANNEL || typeof payload !== "string") return;
        onMessage(payload);
      };
      process.on("message", listener);
    },
    close() {
      if (listener !== undefined) process.off("message", listener);
      listener = undefined;
    },
  });
}
