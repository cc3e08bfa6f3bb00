/** The number of buckets, 1 to 1024. Each message belongs to the bucket of its session or user. */
const BUCKETS = 1024;

/** The bucket that every process follows. It is used without a store, when messages carry data. */
export const EVERYONE = 0;

/** Returns the bucket of a session id or of a user's key (FNV-1a). */
export function bucketOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return 1 + ((hash >>> 0) % BUCKETS);
}
