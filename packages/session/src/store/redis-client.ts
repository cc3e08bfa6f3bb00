import { SessionError } from "../errors.ts";

/** The part of an ioredis client (single, Sentinel or Cluster) that the store uses. */
export interface IoRedisClient {
  readonly status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
  defineCommand(...args: never[]): unknown;
  duplicate(...args: never[]): unknown;
  on(event: string, listener: (...args: string[]) => void): unknown;
}

/**
 * The part of a node-redis client (client, cluster, sentinel or pool of the package `redis`) that
 * the store uses.
 */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  sendCommand(...args: never[]): Promise<unknown>;
  on(event: string, listener: (...args: string[]) => void): unknown;
}

/** A client of ioredis or node-redis, recognized by its methods. */
export type RedisClient = IoRedisClient | NodeRedisClient;

/** A Redis command, and the key that decides which node of a Cluster gets it. */
export interface RedisCommand {
  /** The first key of the command; `undefined` for a command without keys. */
  readonly key?: string;
  readonly isReadOnly?: boolean;
  readonly args: readonly string[];
}

/** How many replicas must confirm the end of a session, and how long to wait for them. */
export interface RedisWait {
  readonly replicas: number;
  /** The longest wait in milliseconds. */
  readonly timeout: number;
}

type Send = (command: RedisCommand) => Promise<unknown>;

/** The methods and properties that show which library a client belongs to. */
interface Shape {
  readonly [name: string]: unknown;
  readonly status?: string;
  readonly isOpen?: boolean;
  readonly isReady?: boolean;
}

/** The kinds of Redis clients. They differ in how they take a command. */
export type RedisKind =
  | "ioredis"
  | "ioredis-cluster"
  | "redis"
  | "redis-cluster"
  | "redis-sentinel"
  | "redis-pool";

/**
 * Finds out which kind of Redis client this is, by its methods.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if the client belongs to neither ioredis nor node-redis
 */
function kindOf(client: RedisClient): RedisKind {
  const given = (client ?? {}) as unknown as Shape;
  const has = (name: string) => typeof given[name] === "function";
  if (has("on") && has("call") && has("defineCommand")) {
    return has("nodes") ? "ioredis-cluster" : "ioredis";
  }
  if (has("on") && has("sendCommand") && has("connect")) {
    if (has("nodeClient")) return "redis-cluster";
    if (has("acquire") || has("getSentinelNode")) return "redis-sentinel";
    return "totalClients" in given ? "redis-pool" : "redis";
  }
  throw new SessionError(
    "ERR_SESSION_OPTION",
    "redisStore and redisBackplane need a client of ioredis (single, Sentinel, Cluster) or of redis (client, cluster, sentinel, pool).",
  );
}

/**
 * Sends commands to Redis, and throws immediately while a lost connection is down.
 *
 * Otherwise ioredis and node-redis would queue the commands. They would run after the reconnect,
 * perhaps minutes after the caller got an error.
 */
export class RedisConnection {
  readonly kind: RedisKind;
  readonly #client: Shape;
  readonly #send: Send;
  #wasReady = false;

  /**
   * @throws SessionError `ERR_SESSION_OPTION` if the client belongs to neither ioredis nor
   *   node-redis
   */
  constructor(client: RedisClient) {
    this.kind = kindOf(client);
    this.#client = client as unknown as Shape;
    this.#send = senderOf(this.kind, client);
  }

  get isCluster(): boolean {
    return this.kind.endsWith("-cluster");
  }

  /** False if commands that only read may go to a replica. */
  get readsMaster(): boolean {
    return !this.isCluster && this.kind !== "redis-sentinel";
  }

  async send(command: RedisCommand): Promise<unknown> {
    this.assertReady();
    return this.#send(command);
  }

  /**
   * Sends commands together, if possible in one packet.
   *
   * @returns the answers; an `Error` for each command that failed
   */
  async sendAll(commands: readonly RedisCommand[]): Promise<unknown[]> {
    this.assertReady();
    if (this.kind === "ioredis" && commands.length > 1) {
      const pipeline = (this.#client as unknown as IoRedisPipelines).pipeline();
      for (const { args } of commands) pipeline.call(...args);
      return ((await pipeline.exec()) ?? []).map(([error, answer]) => error ?? answer);
    }
    // A client of node-redis sends all commands of one turn of the event loop together.
    const outcomes = await Promise.allSettled(commands.map((command) => this.#send(command)));
    return outcomes.map((outcome) =>
      outcome.status === "fulfilled" ? outcome.value : outcome.reason,
    );
  }

  /**
   * Sends a command and waits until replicas have confirmed it, on one connection.
   *
   * @returns the command's answer, and how many replicas confirmed it in time
   */
  async sendAndWait(command: RedisCommand, wait: RedisWait): Promise<[unknown, number]> {
    this.assertReady();
    const pause = ["WAIT", `${wait.replicas}`, `${wait.timeout}`];
    if (this.kind.startsWith("ioredis")) {
      const pipeline = (this.#client as unknown as IoRedisPipelines).pipeline();
      pipeline.call(...command.args);
      pipeline.call(...pause);
      const [first, second] = (await pipeline.exec()) ?? [];
      const error = first?.[0] ?? second?.[0];
      if (error) throw error;
      return [first?.[1], Number(second?.[1])];
    }
    const multis = this.#client as unknown as NodeRedisMultis;
    const multi = multis.multi(command.key);
    if (this.isCluster) {
      multi.addCommand(command.key, false, [...command.args]);
      multi.addCommand(command.key, false, pause);
    } else if (this.kind === "redis-sentinel") {
      multi.addCommand(false, [...command.args]);
      multi.addCommand(false, pause);
    } else {
      multi.addCommand([...command.args]);
      multi.addCommand(pause);
    }
    const [answer, count] = await multi.execAsPipeline();
    return [answer, Number(count)];
  }

  /**
   * Checks the connection to Redis.
   *
   * @throws Error if the connection was up and is down now
   */
  assertReady(): void {
    const { status, isReady, isOpen } = this.#client;
    const isNow = this.kind.startsWith("ioredis") ? status === "ready" : (isReady ?? isOpen);
    this.#wasReady ||= isNow === true;
    // The first connection may still be opening.
    if (isNow !== true && this.#wasReady) throw new Error("The connection to Redis is down.");
  }
}

interface IoRedisPipelines {
  pipeline(): {
    call(...args: string[]): unknown;
    exec(): Promise<[Error | null, unknown][] | null>;
  };
}

interface NodeRedisMultis {
  multi(routing?: string): {
    addCommand(...args: unknown[]): unknown;
    execAsPipeline(): Promise<unknown[]>;
  };
}

/**
 * Returns the function that sends a command. Each kind of client takes different arguments before
 * the command.
 */
function senderOf(kind: RedisKind, client: RedisClient): Send {
  switch (kind) {
    case "ioredis":
    case "ioredis-cluster": {
      const { call } = client as IoRedisClient;
      return ({ args: [name = "", ...rest] }) => call.call(client, name, ...rest);
    }
    case "redis-cluster":
      return ({ key, isReadOnly = false, args }) => sendTo(client, key, isReadOnly, [...args]);
    case "redis-sentinel":
      return ({ isReadOnly = false, args }) => sendTo(client, isReadOnly, [...args]);
    default:
      return ({ args }) => sendTo(client, [...args]);
  }
}

function sendTo(client: RedisClient, ...args: unknown[]): Promise<unknown> {
  return (client as unknown as { sendCommand(...args: unknown[]): Promise<unknown> }).sendCommand(
    ...args,
  );
}
