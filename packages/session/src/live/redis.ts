import { optionError } from "../errors.ts";
import { RedisConnection, type RedisClient, type RedisKind } from "../store/redis-client.ts";
import type { ConnectedBackplane } from "../session/connect.ts";
import type { Backplane } from "./backplane.ts";
import { sessionBackplane } from "./session-backplane.ts";

/** Options of {@link redisBackplane}. */
export interface RedisBackplaneOptions {
  /**
   * The start of the names of the channels in Redis. A number from 0 to 1024 follows, because each
   * channel is for a part of the sessions. Default `galleta:session`.
   */
  readonly channel?: string;
  /**
   * Uses sharded pub/sub (SPUBLISH), in which a message stays on one shard of a Cluster. Default:
   * true with node-redis `createCluster`, and with an ioredis Cluster that has
   * `shardedSubscribers`, on Redis 7 or newer. All processes must use the same setting.
   */
  readonly sharded?: boolean;
}

/**
 * A backplane over Redis pub/sub, for any number of processes and machines. While a process has
 * open sockets, it listens to the messages about their sessions on a connection of its own.
 *
 * @param client a client that `redisStore` accepts
 * @throws SessionError `ERR_SESSION_OPTION` if the client is neither of ioredis nor of node-redis
 * @example
 * ```ts
 * const client = new Redis(url);
 * createSessions({ secretKey, store: redisStore(client), backplane: redisBackplane(client) });
 * ```
 */
export function redisBackplane(
  client: RedisClient,
  { channel = "galleta:session", sharded }: RedisBackplaneOptions = {},
): Backplane & ConnectedBackplane {
  if (typeof channel !== "string") throw optionError("channel must be a string.");
  const connection = new RedisConnection(client);
  const followed = new Set<string>();
  const nameOf = (bucket: number) => `${channel}:${bucket}`;
  let listening: Promise<Listener> | undefined;
  let deliver: ((message: string) => void) | undefined;
  let missed: (() => void) | undefined;
  let isSharded: Promise<boolean> | undefined;

  const mode = () => (isSharded ??= findMode(connection, client, sharded));
  const listen = async (): Promise<Listener> => {
    const listener = await openListener(connection.kind, client, await mode(), (message) =>
      deliver?.(message),
    );
    listener.onReady(() => {
      if (followed.size === 0) return;
      void listener.follow([...followed]).then(
        () => missed?.(),
        () => undefined,
      );
    });
    return listener;
  };

  return sessionBackplane({
    async publish(message, bucket) {
      const name = nameOf(bucket);
      const args = [(await mode()) ? "SPUBLISH" : "PUBLISH", name, message];
      return connection.send({ key: name, args });
    },
    subscribe(onMessage, onGap) {
      deliver = onMessage;
      missed = onGap;
    },
    async follow(bucket) {
      const name = nameOf(bucket);
      followed.add(name);
      listening ??= listen();
      // The next call of `follow` tries again.
      listening.catch(() => (listening = undefined));
      await (await listening).follow([name]);
    },
    async unfollow(bucket) {
      const name = nameOf(bucket);
      followed.delete(name);
      await (await listening)?.unfollow([name]);
    },
    async close() {
      const open = listening;
      listening = undefined;
      const names = [...followed];
      followed.clear();
      await (await open)?.close(names);
    },
  });
}

/** A connection that receives the messages of Redis channels. */
interface Listener {
  follow(channels: readonly string[]): Promise<unknown>;
  unfollow(channels: readonly string[]): Promise<unknown>;
  onReady(listener: () => void): void;
  close(channels: readonly string[]): unknown;
}

/** The methods of ioredis and node-redis that are needed to receive messages. */
interface Subscriber {
  duplicate(): Subscriber;
  connect(): Promise<unknown>;
  disconnect(): void;
  destroy(): void;
  execute(use: (client: Subscriber) => Subscriber): Promise<Subscriber>;
  on(event: string, listener: (...args: string[]) => void): unknown;
  subscribe(...args: unknown[]): Promise<unknown>;
  unsubscribe(...args: unknown[]): Promise<unknown>;
  ssubscribe(...args: unknown[]): Promise<unknown>;
  sunsubscribe(...args: unknown[]): Promise<unknown>;
  sSubscribe(...args: unknown[]): Promise<unknown>;
  sUnsubscribe(...args: unknown[]): Promise<unknown>;
  readonly options?: { readonly shardedSubscribers?: boolean };
}

async function findMode(
  connection: RedisConnection,
  client: RedisClient,
  wanted: boolean | undefined,
): Promise<boolean> {
  if (wanted !== undefined) return wanted;
  const { options } = client as unknown as Subscriber;
  const isAble =
    connection.kind === "redis-cluster" ||
    (connection.kind === "ioredis-cluster" && options?.shardedSubscribers === true);
  if (!isAble) return false;
  const info = String(await connection.send({ args: ["INFO", "server"] }));
  return Number(/redis_version:(\d+)/.exec(info)?.[1]) >= 7;
}

async function openListener(
  kind: RedisKind,
  client: RedisClient,
  isSharded: boolean,
  onMessage: (message: string) => void,
): Promise<Listener> {
  const given = client as unknown as Subscriber;
  return kind.startsWith("ioredis")
    ? openIoRedis(given.duplicate(), isSharded, onMessage)
    : openNodeRedis(kind, given, isSharded, onMessage);
}

function openIoRedis(
  listener: Subscriber,
  isSharded: boolean,
  onMessage: (message: string) => void,
): Listener {
  // Clients report a lost connection as an `error` event. Without a listener it would end the
  // process.
  listener.on("error", () => undefined);
  const deliver = (_channel: string | undefined, message = "") => onMessage(message);
  listener.on(isSharded ? "smessage" : "message", deliver);
  // A sharded command must stay within one slot.
  const each = (names: readonly string[], call: (name: string) => Promise<unknown>) =>
    Promise.all(names.map(call));
  return {
    follow: (names) =>
      isSharded ? each(names, (name) => listener.ssubscribe(name)) : listener.subscribe(...names),
    unfollow: (names) =>
      isSharded
        ? each(names, (name) => listener.sunsubscribe(name))
        : listener.unsubscribe(...names),
    onReady: (ready) => void listener.on("ready", ready),
    close: () => listener.disconnect(),
  };
}

async function openNodeRedis(
  kind: RedisKind,
  client: Subscriber,
  isSharded: boolean,
  onMessage: (message: string) => void,
): Promise<Listener> {
  // Cluster and Sentinel clients already have their own connection for subscriptions.
  const isOwn = kind === "redis" || kind === "redis-pool";
  let listener = client;
  if (kind === "redis") listener = client.duplicate();
  if (kind === "redis-pool") listener = await client.execute((one) => one.duplicate());
  if (isOwn) {
    listener.on("error", () => undefined);
    await listener.connect();
  }
  const known = new Set<string>();
  const deliver = (message: string) => onMessage(message);
  const follow = (name: string) =>
    isSharded ? listener.sSubscribe(name, deliver) : listener.subscribe(name, deliver);
  const unfollow = (name: string) =>
    isSharded ? listener.sUnsubscribe(name, deliver) : listener.unsubscribe(name, deliver);
  const all = (names: readonly string[], call: (name: string) => Promise<unknown>) =>
    Promise.all(names.map(call));
  return {
    // After a reconnect, node-redis subscribes again by itself. A second subscription would double
    // every message.
    follow: (names) =>
      all(
        names.filter((name) => !known.has(name)),
        async (name) => {
          known.add(name);
          await follow(name).catch((error: unknown) => {
            known.delete(name);
            throw error;
          });
        },
      ),
    unfollow: (names) =>
      all(names, (name) => {
        known.delete(name);
        return unfollow(name);
      }),
    onReady: (ready) => {
      for (const event of READY_EVENTS) listener.on(event, ready);
    },
    close: (names) => (isOwn ? listener.destroy() : all(names, unfollow)),
  };
}

/** The events by which node-redis clients report that a connection is back. */
const READY_EVENTS = ["ready", "node-ready", "topology-change", "client-ready"];
