import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Writes random bytes from a pool that `node:crypto` fills. One call of `node:crypto` costs as much
 * for 16 bytes as for thousands. No byte is used twice, and the pool clears bytes after use.
 *
 * @param at the offset in `target`
 * @param size bytes
 * @throws RangeError for more than 4096 bytes
 */
export function writeRandom(target: Buffer, at: number, size: number): void {
  if (used + size > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += size;
  pool.copy(target, at, start, used);
  pool.fill(0, start, used);
}

/**
 * Makes a buffer of random bytes; see {@link writeRandom}.
 * @param size bytes
 * @throws RangeError for more than 4096 bytes
 */
export function takeRandom(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  writeRandom(bytes, 0, size);
  return bytes;
}
