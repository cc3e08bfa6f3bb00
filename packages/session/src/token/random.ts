import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Takes random bytes from a pool that `node:crypto` fills: a call for 16 bytes costs as much as one
 * for thousands. No byte is used twice, and the pool clears bytes after use.
 *
 * @param size bytes
 * @throws RangeError for more than 4096
 */
export function takeRandom(size: number): Buffer {
  if (used + size > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += size;
  const bytes = Buffer.from(pool.subarray(start, used));
  pool.fill(0, start, used);
  return bytes;
}
