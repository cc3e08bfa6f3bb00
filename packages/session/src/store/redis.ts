import { createHash } from "node:crypto";
import { optionError, SessionError } from "../errors.ts";
import { CONNECT, type ConnectedStore, type CheckedConnected } from "../session/connect.ts";
import type { Shared } from "../session/shared.ts";
import { isRevocation } from "./keys.ts";
import { RedisConnection, type RedisClient, type RedisWait } from "./redis-client.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";
import { SessionStorePort } from "./connected-store.ts";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * The prefix of every key. Keys have a tag for their session or user, so that a Cluster spreads
   * them. A prefix with braces puts all of them into one slot instead. Default `galleta:`.
   */
  readonly prefix?: string;
  /**
   * Makes an end or a revocation wait for replicas (the command WAIT). If too few confirm in time,
   * it fails with `ERR_SESSION_STORE` and is repeated later. Default: no waiting.
   */
  readonly wait?: RedisWait;
}

/**
 * The digits of the revision at the start of a value. With a fixed number, scripts can compare
 * text.
 */
const DIGITS = 16;

const REPLACE = script(`
local current = redis.call('GETRANGE', KEYS[1], 0, ${DIGITS - 1})
if current > ARGV[1] then return redis.call('GET', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return false
`);

interface Script {
  readonly source: string;
  readonly hash: string;
}

function script(source: string): Script {
  return { source, hash: createHash("sha1").update(source).digest("hex") };
}

/**
 * A store in Redis or Valkey, shared by any number of processes. Sessions are stored in plain text:
 * protect Redis as you protect your database. Use `maxmemory-policy noeviction`.
 *
 * @param client of ioredis (single, Sentinel, Cluster), or a connected one of redis (client,
 *   cluster, sentinel, pool); Redis 6 or newer
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
  return new RedisStore(new RedisConnection(client), prefix, wait);
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;

class RedisStore implements SessionStore, ConnectedStore {
  readonly isLocal = false;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #wait: RedisWait | undefined;

  constructor(connection: RedisConnection, prefix: string, wait: RedisWait | undefined) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#wait = wait;
  }

  [CONNECT](shared: Shared, options: CheckedConnected): SessionStorePort {
    return new SessionStorePort(this, shared, options);
  }

  async get(keys: readonly string[]): Promise<(StoredValue | undefined)[]> {
    const names = keys.map((key) => this.#nameOf(key));
    if (!this.#connection.isCluster) return this.#getMany(names);
    // One command can only read keys of one slot.
    const groups = new Map<string, string[]>();
    for (const name of names) {
      const tag = tagOf(name);
      groups.set(tag, [...(groups.get(tag) ?? []), name]);
    }
    const found = new Map<string, StoredValue | undefined>();
    const read = async (group: readonly string[]) => {
      for (const [i, value] of (await this.#getMany(group)).entries()) found.set(group[i]!, value);
    };
    await Promise.all([...groups.values()].map(read));
    return names.map((name) => found.get(name));
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
    const text = digits(rev) + value;
    // The first write of a session is one plain command.
    if (base === 0) {
      const args = ["SET", name, text, "EX", `${seconds}`, "NX"];
      if ((await this.#write(key, name, args)) !== null) return undefined;
    }
    const args = [name, digits(base), text, `${seconds}`];
    return readText(await this.#run(key, name, args));
  }

  async #run(key: string, name: string, args: readonly string[]): Promise<unknown> {
    try {
      return await this.#write(key, name, ["EVALSHA", REPLACE.hash, "1", ...args]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("NOSCRIPT")) throw error;
      return this.#write(key, name, ["EVAL", REPLACE.source, "1", ...args]);
    }
  }

  async #write(key: string, name: string, args: readonly string[]): Promise<unknown> {
    const command = { key: name, args };
    if (this.#wait === undefined || !isRevocation(key)) return this.#connection.send(command);
    const [answer, replicas] = await this.#connection.sendAndWait(command, this.#wait);
    if (answer instanceof Error) throw answer;
    if (replicas >= this.#wait.replicas) return answer;
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
