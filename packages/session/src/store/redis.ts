import { optionError, SessionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import { Batch } from "./batch.ts";
import { readInGroups } from "./groups.ts";
import { isRevocation } from "./keys.ts";
import { Pace } from "./pace.ts";
import {
  RedisConnection,
  type RedisClient,
  type RedisCommand,
  type RedisWait,
} from "./redis-client.ts";
import { DIGITS, digits, REPLACE, type RedisScript } from "./redis-scripts.ts";
import { RedisSessions, textOf } from "./redis-sessions.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * The prefix of every key. The hash tag of a key is its session or user, so that a Cluster
   * spreads the keys over its nodes. A prefix with braces puts all keys into one slot instead.
   * Default `galleta:`.
   */
  readonly prefix?: string;
  /**
   * How many replicas must confirm the end of a session or a revocation (with the command WAIT),
   * and in what time. If too few confirm in time, the call fails with `ERR_SESSION_STORE`, and
   * Galleta repeats the write later. Default: no waiting.
   */
  readonly wait?: RedisWait;
}

/** The most keys that one MGET reads. */
const MOST_READS = 500;
/** The most commands that are sent together. */
const MOST_WRITES = 200;

/**
 * A store in Redis or Valkey, shared by any number of processes. Sessions are stored in plain text:
 * protect Redis as you protect your database. Use `maxmemory-policy noeviction`.
 *
 * @param client a client of ioredis (single, Sentinel, Cluster), or a connected client of redis
 *   (client, cluster, sentinel, pool). Needs Redis 6 or newer
 * @throws SessionError `ERR_SESSION_OPTION` if the client is neither
 * @example
 * ```ts
 * import { Redis } from "ioredis";
 * createSessions({ secretKey, store: redisStore(new Redis(url)), subject: "userId" });
 * ```
 */
export function redisStore(
  client: RedisClient,
  options: RedisStoreOptions = {},
): SessionStore & ConnectedStore {
  const { prefix = "galleta:", wait } = options;
  if (typeof prefix !== "string") {
    throw new SessionError("ERR_SESSION_OPTION", "prefix must be a string.");
  }
  if (wait !== undefined && !(isCount(wait.replicas) && isCount(wait.timeout))) {
    throw optionError("wait must be { replicas, timeout }: two whole numbers above 0.");
  }
  return connected(new RedisStore(new RedisConnection(client), prefix, wait));
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;

class RedisStore implements SessionStore {
  readonly isLocal = false;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #wait: RedisWait | undefined;
  readonly #reads: Batch<readonly string[], (StoredValue | undefined)[]>;
  readonly #writes: Batch<RedisCommand, unknown>;
  readonly #sessions: RedisSessions;

  constructor(connection: RedisConnection, prefix: string, wait: RedisWait | undefined) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#wait = wait;
    const pace = new Pace();
    this.#reads = new Batch((lists) => this.#readLists(lists), {
      pace,
      most: MOST_READS,
      sizeOf: (names) => names.length,
    });
    this.#writes = new Batch((commands) => connection.sendAll(commands), {
      pace,
      most: MOST_WRITES,
      sizeOf: () => 1,
    });
    this.#sessions = new RedisSessions({
      readsMaster: connection.readsMaster,
      send: (command) => this.#write(command),
      run: (script, keys, args) => this.#run(script, keys, args),
    });
  }

  async get(keys: readonly string[]): Promise<(StoredValue | undefined)[]> {
    const names = keys.map((key) => this.#nameOf(key));
    if (!this.#connection.isCluster) return this.#reads.add(names);
    // One command can read only keys of the same slot.
    return readInGroups(names, tagOf, (group) => this.#getMany(group));
  }

  async #readLists(lists: readonly (readonly string[])[]): Promise<(StoredValue | undefined)[][]> {
    const values = await this.#getMany(lists.flat());
    let at = 0;
    return lists.map(({ length }) => values.slice(at, (at += length)));
  }

  async #getMany(names: readonly string[]): Promise<(StoredValue | undefined)[]> {
    const [key = ""] = names;
    const isOne = names.length === 1;
    const args = isOne ? ["GET", key] : ["MGET", ...names];
    const at = performance.now();
    const answer = await this.#connection.send({ key, isReadOnly: true, args });
    return (isOne ? [answer] : (answer as unknown[])).map((value, i) => {
      const [name = "", text] = [names[i], textOf(value)];
      return isSession(name) ? this.#sessions.read(name, text, at) : readText(text);
    });
  }

  async replace({ key, base, rev, value, seconds }: Write): Promise<StoredValue | undefined> {
    const name = this.#nameOf(key);
    if (isSession(name)) return this.#sessions.replace(name, { base, rev, value, seconds });
    const wait = isRevocation(key) ? this.#wait : undefined;
    const text = digits(rev) + value;
    // The first write needs no script, only one plain command.
    if (base === 0) {
      const args = ["SET", name, text, "EX", `${seconds}`, "NX"];
      if ((await this.#write({ key: name, args }, wait)) !== null) return undefined;
    }
    const args = [digits(base), text, `${seconds}`];
    return readText(textOf(await this.#run(REPLACE, [name], args, wait)));
  }

  async #run(
    { hash, source }: RedisScript,
    names: readonly string[],
    given: readonly string[],
    wait?: RedisWait,
  ): Promise<unknown> {
    const [key = ""] = names;
    const args = [`${names.length}`, ...names, ...given];
    try {
      return await this.#write({ key, args: ["EVALSHA", hash, ...args] }, wait);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("NOSCRIPT")) throw error;
      return this.#write({ key, args: ["EVAL", source, ...args] }, wait);
    }
  }

  async #write(command: RedisCommand, wait?: RedisWait): Promise<unknown> {
    if (wait === undefined) {
      const answer = await this.#writes.add(command);
      if (answer instanceof Error) throw answer;
      return answer;
    }
    const [answer, replicas] = await this.#connection.sendAndWait(command, wait);
    if (answer instanceof Error) throw answer;
    if (replicas >= wait.replicas) return answer;
    throw new Error(
      `Only ${replicas} replicas of Redis have the revocation, too few for the option wait.`,
    );
  }

  async inspect(): Promise<string | undefined> {
    const info = String(await this.#connection.send({ args: ["INFO", "memory"] }));
    const policy = /maxmemory_policy:([\w-]+)/.exec(info)?.[1];
    return policy === undefined || policy === "noeviction" ? undefined : `eviction: ${policy}`;
  }

  /**
   * Returns the Redis name of a key: `s:abc` becomes `galleta:{abc}:s`. So a Redis Cluster keeps
   * all keys of a session in one slot.
   */
  #nameOf(key: string): string {
    return `${this.#prefix}{${key.slice(2)}}:${key[0]}`;
  }
}

const isSession = (name: string) => name.endsWith("}:s");

function tagOf(name: string): string {
  return name.slice(name.indexOf("{"), name.indexOf("}"));
}

function readText(text: string | undefined): StoredValue | undefined {
  if (text === undefined) return undefined;
  return { rev: Number(text.slice(0, DIGITS)), value: text.slice(DIGITS) };
}
