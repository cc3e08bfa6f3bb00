import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Random bytes of `node:crypto`, taken many at a time: a call for 16 bytes costs as much as one for
 * thousands. No byte is given twice, and none is left in the pool once it was given.
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
