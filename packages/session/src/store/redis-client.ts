import { SessionError } from "../errors.ts";

/** What is used of a client of ioredis. */
export interface IoRedisClient {
  readonly status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
  defineCommand(...args: never[]): unknown;
  duplicate(): IoRedisClient;
  subscribe(...channels: string[]): Promise<unknown>;
  on(event: string, listener: (...args: string[]) => void): unknown;
  disconnect(): void;
}

/** What is used of a client of node-redis (the package `redis`). */
export interface NodeRedisClient {
  readonly isReady: boolean;
  sendCommand(command: string[]): Promise<unknown>;
  duplicate(): NodeRedisClient;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  on(event: string, listener: (...args: string[]) => void): unknown;
  destroy(): void;
}

/** A client of ioredis or of node-redis; told apart by its shape. */
export type RedisClient = IoRedisClient | NodeRedisClient;

export function isIoRedis(client: RedisClient): client is IoRedisClient {
  return "call" in client && "defineCommand" in client;
}

/**
 * @throws SessionError `ERR_SESSION_OPTION` when it is neither client
 */
function assertRedisClient(client: RedisClient): void {
  const given = client as Partial<IoRedisClient & NodeRedisClient> | null | undefined;
  if (typeof given?.duplicate !== "function" || typeof given.on !== "function") throw noClient();
  const isKnown = typeof given.defineCommand === "function" || typeof given.connect === "function";
  const canCall = typeof given.call === "function" || typeof given.sendCommand === "function";
  if (!isKnown || !canCall) throw noClient();
}

function noClient(): SessionError {
  return new SessionError(
    "ERR_SESSION_OPTION",
    "redisStore and redisBackplane take a client of ioredis, or of redis (node-redis).",
  );
}

/**
 * Sends commands while the connection stands. Both clients queue what is sent while it does not,
 * and would carry out minutes later what the caller was told had failed.
 */
export class RedisConnection {
  readonly #client: RedisClient;
  #wasReady = false;

  constructor(client: RedisClient) {
    assertRedisClient(client);
    this.#client = client;
  }

  async send(command: string, ...args: string[]): Promise<unknown> {
    const client = this.#client;
    const isReady = isIoRedis(client) ? client.status === "ready" : client.isReady;
    this.#wasReady ||= isReady;
    // The first connection may still be on its way.
    if (!isReady && this.#wasReady) throw new Error("The connection to Redis is down.");
    return isIoRedis(client)
      ? client.call(command, ...args)
      : client.sendCommand([command, ...args]);
  }
}
