/**
 * The number of buckets, which are numbered 1 to 1024. Messages are grouped into buckets by session
 * or user, so that a process listens only to the buckets of its own sockets.
 */
const BUCKETS = 1024;

/**
 * The bucket of messages that every process listens to. Without a store, all messages go to this
 * bucket: they contain the sessions' data, which every process needs.
 */
export const EVERYONE = 0;

/**
 * Returns the bucket for messages about a session or user: a number from 1 to 1024. It is a hash
 * (FNV-1a) of the session's id or of the user's key.
 */
export function bucketOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return 1 + ((hash >>> 0) % BUCKETS);
}
