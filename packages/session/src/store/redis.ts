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
import { DIGITS, REPLACE, REPLACE_MANY, type RedisScript } from "./redis-scripts.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * The prefix of every key. Each key has its session or user as its hash tag, so that a Cluster
   * spreads the keys. A prefix with braces puts all of them into one slot instead. Default
   * `galleta:`.
   */
  readonly prefix?: string;
  /**
   * Makes the end of a session, or a revocation, wait for replicas (the command WAIT). If too few
   * confirm in time, it fails with `ERR_SESSION_STORE` and is repeated later. Default: no waiting.
   */
  readonly wait?: RedisWait;
}

/** How many keys one MGET reads. */
const MOST_READS = 500;
/** How many characters of values one script writes. A larger value is written alone. */
const MOST_WRITTEN = 65_536;
/**
 * Counted for each write in addition to its characters, so that a script has at most two hundred
 * writes.
 */
const WRITE_OVERHEAD = 300;

interface NamedWrite {
  /** The name of the key in Redis. */
  readonly name: string;
  readonly base: number;
  /** The revision, then the value. */
  readonly text: string;
  readonly seconds: number;
}

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
  readonly #writes: Batch<NamedWrite, StoredValue | undefined>;

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
    this.#writes = new Batch((writes) => this.#replaceAll(writes), {
      pace,
      most: MOST_WRITTEN,
      sizeOf: ({ text }) => text.length + WRITE_OVERHEAD,
      nameOf: ({ name }) => name,
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
    const answer = await this.#connection.send({ key, isReadOnly: true, args });
    return (isOne ? [answer] : (answer as unknown[])).map(readText);
  }

  async replace({ key, base, rev, value, seconds }: Write): Promise<StoredValue | undefined> {
    const name = this.#nameOf(key);
    const write = { name, base, text: digits(rev) + value, seconds };
    if (this.#wait !== undefined && isRevocation(key)) return this.#replace(write, this.#wait);
    return this.#connection.isCluster ? this.#replace(write) : this.#writes.add(write);
  }

  async #replace(write: NamedWrite, wait?: RedisWait): Promise<StoredValue | undefined> {
    const { name, base, text, seconds } = write;
    // The first write of a session needs no script, only one plain command.
    if (base === 0) {
      const args = ["SET", name, text, "EX", `${seconds}`, "NX"];
      if ((await this.#write({ key: name, args }, wait)) !== null) return undefined;
    }
    return readText(await this.#run(REPLACE, [write], wait));
  }

  async #replaceAll(writes: readonly NamedWrite[]): Promise<(StoredValue | undefined)[]> {
    if (writes.length === 1) return [await this.#replace(writes[0]!)];
    return ((await this.#run(REPLACE_MANY, writes)) as unknown[]).map(readText);
  }

  async #run(
    { hash, source }: RedisScript,
    writes: readonly NamedWrite[],
    wait?: RedisWait,
  ): Promise<unknown> {
    const key = writes[0]?.name ?? "";
    const args = [
      `${writes.length}`,
      ...writes.map(({ name }) => name),
      ...writes.flatMap(({ base, text, seconds }) => [digits(base), text, `${seconds}`]),
    ];
    try {
      return await this.#write({ key, args: ["EVALSHA", hash, ...args] }, wait);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("NOSCRIPT")) throw error;
      return this.#write({ key, args: ["EVAL", source, ...args] }, wait);
    }
  }

  async #write(command: RedisCommand, wait: RedisWait | undefined): Promise<unknown> {
    if (wait === undefined) return this.#connection.send(command);
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

  /** `s:abc` becomes `galleta:{abc}:s`, so that all keys of a session are in one slot. */
  #nameOf(key: string): string {
    return `${this.#prefix}{${key.slice(2)}}:${key[0]}`;
  }
}

function tagOf(name: string): string {
  return name.slice(name.indexOf("{"), name.indexOf("}"));
}

function digits(number: number): string {
  return `${number}`.padStart(DIGITS, "0");
}

function readText(answer: unknown): StoredValue | undefined {
  if (answer === null || answer === undefined || answer === false) return undefined;
  const text = String(answer);
  return { rev: Number(text.slice(0, DIGITS)), value: text.slice(DIGITS) };
}
