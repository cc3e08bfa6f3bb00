import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Random bytes of `node:crypto`, taken many at a time: a call for 16 bytes costs as much as one for
 * thousands. No byte is given twice, and none is left in the pool once it was given.
 *
 * @param size bytes, at most 4096
 */
export function takeRandom(size: number): Buffer {
  if (size > POOL_BYTES) throw new RangeError("The pool holds 4096 bytes.");
  if (used + size > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + size;
  const bytes = Buffer.allocUnsafe(size);
  pool.copy(bytes, 0, used, end);
  pool.fill(0, used, end);
  used = end;
  return bytes;
}
