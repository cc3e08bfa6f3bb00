import { createHash, randomBytes } from "node:crypto";
import { SessionError } from "../errors.ts";
import { CONNECT, type ConnectedStore, type CheckedConnected } from "../session/connect.ts";
import type { Shared } from "../session/shared.ts";
import { RedisConnection, type RedisClient } from "./redis-client.ts";
import type { LogEntry, LogPage, SessionStore, Write } from "./store.ts";
import { StoreVault } from "./vault.ts";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * What every key begins with. The braces keep all keys in one slot of a Redis Cluster, since a
   * write and its line in the log are one step. Default `{galleta}:`.
   */
  readonly prefix?: string;
}

const PAGE = 1000;
const APPEND_AT_ONCE = 500;

/** Adds a line to the log and forgets some that are over. */
const APPEND = `
local function append(text, till, now)
  local number = redis.call('INCR', KEYS[2])
  local line = number .. ' ' .. text
  redis.call('ZADD', KEYS[3], number, line)
  redis.call('ZADD', KEYS[4], till, line)
  local old = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', '(' .. now, 'LIMIT', 0, 100)
  if #old > 0 then
    redis.call('ZREM', KEYS[3], unpack(old))
    redis.call('ZREM', KEYS[4], unpack(old))
  end
end
`;

const REPLACE = script(`${APPEND}
local base, value, seconds, text, till, now = unpack(ARGV)
local current = redis.call('GET', KEYS[1])
if current and tonumber(string.match(current, '^%d+')) > tonumber(base) then return current end
redis.call('SET', KEYS[1], value, 'EX', seconds)
if text ~= '' then append(text, till, now) end
return false
`);

const ADD = script(`${APPEND}
for i = 2, #ARGV, 2 do append(ARGV[i], ARGV[i + 1], ARGV[1]) end
return false
`);

/**
 * The mark is random and stands beside the log: where it is another one, or the number went back,
 * the log was lost and is read from the start.
 */
const READ = script(`
local mark, seen, after = unpack(ARGV)
local stored = redis.call('GET', KEYS[1])
if not stored then
  stored = mark
  redis.call('SET', KEYS[1], mark)
end
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if stored ~= seen or last < tonumber(after) then after = '0' end
return { stored, after, redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. after, '+inf', 'LIMIT', 0, ${PAGE}) }
`);

interface Script {
  readonly source: string;
  readonly hash: string;
}

function script(source: string): Script {
  return { source, hash: createHash("sha1").update(source).digest("hex") };
}

/**
 * A store in Redis (6 or newer), shared by any number of processes. Sessions, revocations and the
 * log of changes stand in it until no cookie can be concerned any more; nobody else may write
 * there. Sessions are stored as they are: protect Redis as you protect your database.
 *
 * @param client of ioredis, or a connected one of redis (node-redis)
 * @throws SessionError `ERR_SESSION_OPTION` when the client is neither
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
  const { prefix = "{galleta}:" } = options;
  if (typeof prefix !== "string") {
    throw new SessionError("ERR_SESSION_OPTION", "prefix must be a string.");
  }
  return new RedisStore(new RedisConnection(client), prefix);
}

class RedisStore implements SessionStore, ConnectedStore {
  readonly isLocal = false;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #log: readonly [number: string, lines: string, ends: string];
  readonly #mark: string;

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#log = [`${prefix}log:number`, `${prefix}log:lines`, `${prefix}log:ends`];
    this.#mark = `${prefix}log:mark`;
  }

  [CONNECT](shared: Shared, options: CheckedConnected): StoreVault {
    return new StoreVault(this, shared, options);
  }

  async get(key: string): Promise<string | undefined> {
    return asText(await this.#connection.send("GET", this.#prefix + key));
  }

  async replace({ key, base, value, seconds, entry }: Write): Promise<string | undefined> {
    const args = [
      `${base}`,
      value,
      `${seconds}`,
      entry?.text ?? "",
      `${entry?.until ?? 0}`,
      `${Math.floor(Date.now() / 1000)}`,
    ];
    return asText(await this.#run(REPLACE, [this.#prefix + key, ...this.#log], args));
  }

  async append(entries: readonly LogEntry[]): Promise<void> {
    const now = `${Math.floor(Date.now() / 1000)}`;
    for (let i = 0; i < entries.length; i += APPEND_AT_ONCE) {
      const part = entries.slice(i, i + APPEND_AT_ONCE);
      const args = part.flatMap(({ text, until }) => [text, `${until}`]);
      // The first key is that of a write, which this is not.
      await this.#run(ADD, [this.#mark, ...this.#log], [now, ...args]);
    }
  }

  async read(cursor: string | undefined): Promise<LogPage> {
    const [seen = "", after = "0"] = cursor?.split(" ") ?? [];
    const [number, lines] = this.#log;
    const mark = randomBytes(9).toString("base64url");
    const answer = await this.#run(READ, [this.#mark, number, lines], [mark, seen, after]);
    const [stored, from, entries] = answer as [unknown, unknown, unknown[]];
    const texts = entries.map((entry) => String(entry));
    const last = texts.at(-1)?.split(" ", 1)[0] ?? String(from);
    return {
      entries: texts.map((text) => text.slice(text.indexOf(" ") + 1)),
      cursor: `${String(stored)} ${last}`,
      more: texts.length === PAGE,
      lost: cursor !== undefined && (String(stored) !== seen || String(from) !== after),
    };
  }

  async #run({ source, hash }: Script, keys: readonly string[], args: readonly string[]) {
    const rest = [`${keys.length}`, ...keys, ...args];
    try {
      return await this.#connection.send("EVALSHA", hash, ...rest);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return this.#connection.send("EVAL", source, ...rest);
    }
  }
}

function asText(value: unknown): string | undefined {
  return value === null || value === undefined || value === false ? undefined : String(value);
}
