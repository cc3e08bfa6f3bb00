import { createHash, randomBytes } from "node:crypto";
import { SessionError } from "../errors.ts";
import { ENDED, type Revision, type User } from "../session/records.ts";
import type { StoredValue } from "./store.ts";

/** Above every revision, so that no change replaces it. */
const TOMBSTONE = 9_999_999_999;

/** The key of a session's newest revision. */
export const sessionKey = (sid: string) => `s:${sid}`;
/** The key of a session's end. No change writes it. */
export const endKey = (sid: string) => `e:${sid}`;

/** True for the keys whose loss would bring ended sessions back. */
export const isRevocation = (key: string) => !key.startsWith("s:");

/** The value of a session's key, and of its end's key, after the end. */
export const TOMB: StoredValue = { rev: TOMBSTONE, value: "" };

const REMEMBERED_KEYS = 10_000;
const userKeys = new Map<User, string>();

/** Returns the key of a user: a hash, so that stores and tokens hold no address or name. */
export function userKey(user: User): string {
  const known = userKeys.get(user);
  if (known !== undefined) return known;
  const hash = createHash("sha256").update(`subject:${user}`).digest("base64url");
  const key = `u:${hash.slice(0, 22)}`;
  if (userKeys.size >= REMEMBERED_KEYS) userKeys.clear();
  userKeys.set(user, key);
  return key;
}

let name: string | undefined;
let writes = 0;

/**
 * Encodes the value of a session's key. Each write gets its own mark. Two requests that count from
 * 1 to 2 write the same JSON. If a client repeats a write after a broken connection, only the mark
 * tells its own write from the other.
 */
export function writeSession(json: string): string {
  name ??= randomBytes(6).toString("base64url");
  return `${name}${(writes += 1).toString(36)} ${json}`;
}

/**
 * Decodes the value of a session's key. @throws SessionError `ERR_SESSION_STORE` if the value is
 * not a session's
 */
export function readSession(stored: StoredValue): Revision | typeof ENDED {
  if (stored.rev === TOMBSTONE) return ENDED;
  if (Number.isSafeInteger(stored.rev) && typeof stored.value === "string") {
    return { rev: stored.rev, json: stored.value.slice(stored.value.indexOf(" ") + 1) };
  }
  throw new SessionError(
    "ERR_SESSION_STORE",
    "The store returned a value that Galleta did not write, under the key of a session.",
    { status: 503 },
  );
}
