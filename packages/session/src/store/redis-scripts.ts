import { createHash } from "node:crypto";

/** A Lua script, and the hash by which EVALSHA calls it. */
export interface RedisScript {
  readonly source: string;
  readonly hash: string;
}

function script(source: string): RedisScript {
  return { source, hash: createHash("sha1").update(source).digest("hex") };
}

/**
 * How many digits the revision at the start of a stored value has. The number of digits is fixed,
 * so that scripts can compare revisions as text.
 */
export const DIGITS = 16;

/** Encodes a revision with a fixed number of digits. */
export function digits(number: number): string {
  return `${number}`.padStart(DIGITS, "0");
}

/**
 * Writes a key, unless its revision is above the highest one that may be replaced. In that case,
 * only returns the stored value.
 */
export const REPLACE = script(`
local call, key = redis.call, KEYS[1]
if call('GETRANGE', key, '0', '${DIGITS - 1}') > ARGV[1] then return call('GET', key) end
call('SETEX', key, ARGV[3], ARGV[2])
`);

/**
 * Writes a session, if the length and the last characters of its value are still as the caller
 * knows them. If not, only returns the value. The script replaces the value and returns 1; if the
 * value was replaced a moment ago, it appends a record of the change instead and returns 2.
 */
export const REPLACE_LOG = script(`
local call, key, args = redis.call, KEYS[1], ARGV
if call('STRLEN', key) ~= tonumber(args[1]) or call('GETRANGE', key, args[2], '-1') ~= args[3] then
  return call('GET', key)
end
if args[4] == 'inf' or call('PTTL', key) <= tonumber(args[4]) then
  call('SETEX', key, args[7], args[8])
  return 1
end
call('APPEND', key, args[5])
if args[6] ~= '' then call('EXPIRE', key, args[6]) end
return 2
`);
