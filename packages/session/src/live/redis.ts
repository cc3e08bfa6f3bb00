import { isIoRedis, RedisConnection, type RedisClient } from "../store/redis-client.ts";
import type { ConnectedBackplane } from "../session/connect.ts";
import type { Backplane } from "./backplane.ts";
import { sessionBackplane } from "./session-backplane.ts";

/** Options of {@link redisBackplane}. */
export interface RedisBackplaneOptions {
  /** The channel of Redis pub/sub. Default `galleta:session`. */
  readonly channel?: string;
}

/**
 * A backplane over Redis pub/sub, for any number of processes and machines. It listens on a
 * connection of its own, a duplicate of the client, since one that listens can do nothing else.
 * It comes back by itself when Redis does.
 *
 * @param client of ioredis, or a connected one of redis (node-redis)
 * @throws SessionError `ERR_SESSION_OPTION` when the client is neither
 * @example
 * ```ts
 * const client = new Redis(url);
 * createSessions({ secretKey, store: redisStore(client), backplane: redisBackplane(client) });
 * ```
 */
export function redisBackplane(
  client: RedisClient,
  { channel = "galleta:session" }: RedisBackplaneOptions = {},
): Backplane & ConnectedBackplane {
  const connection = new RedisConnection(client);
  let end: (() => void) | undefined;
  return sessionBackplane({
    publish: (message) => connection.send("PUBLISH", channel, message),
    async subscribe(onMessage, onGap) {
      const listener = client.duplicate() as RedisClient;
      end = () => (isIoRedis(listener) ? listener.disconnect() : listener.destroy());
      // Clients tell of a lost connection by an error, and one that nobody hears ends the process.
      listener.on("error", () => undefined);
      if (isIoRedis(listener)) {
        listener.on("message", (_channel: string, message: string) => onMessage(message));
        // It subscribes again by itself only where it has once done so.
        const subscribe = () => void listener.subscribe(channel).then(onGap, () => undefined);
        listener.on("ready", subscribe);
        subscribe();
      } else {
        listener.on("ready", onGap);
        await listener.connect();
        await listener.subscribe(channel, onMessage);
      }
    },
    close() {
      end?.();
      end = undefined;
    },
  });
}
