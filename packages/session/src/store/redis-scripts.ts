import { createHash } from "node:crypto";

/** A script, and the name that EVALSHA calls it by. */
export interface RedisScript {
  readonly source: string;
  readonly hash: string;
}

function script(source: string): RedisScript {
  return { source, hash: createHash("sha1").update(source).digest("hex") };
}

/**
 * How many digits the revision at the start of a value has. The number is fixed, so that scripts
 * can compare revisions as text.
 */
export const DIGITS = 16;

/**
 * Writes one key unless its revision is above the base. Then it returns the newer value instead.
 */
export const REPLACE = script(`
local call, key = redis.call, KEYS[1]
if call('GETRANGE', key, '0', '${DIGITS - 1}') > ARGV[1] then return call('GET', key) end
call('SETEX', key, ARGV[3], ARGV[2])
`);

/**
 * Writes several different keys in the same way. To enter Lua costs Redis as much as four GETs, a
 * call inside it as much as one, and a number as an argument of a call half of that.
 */
export const REPLACE_MANY = script(`
local call, keys, args, found = redis.call, KEYS, ARGV, {}
for i = 1, #keys do
  local at, key = i * 3, keys[i]
  if call('GETRANGE', key, '0', '${DIGITS - 1}') > args[at - 2] then
    found[i] = call('GET', key)
  else
    call('SETEX', key, args[at], args[at - 1])
    found[i] = false
  end
end
return found
`);
