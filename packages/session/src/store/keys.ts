import { createHash, randomBytes } from "node:crypto";
import { SessionError } from "../errors.ts";
import { ENDED, type Revision, type User } from "../session/records.ts";
import type { Times } from "../token/header.ts";
import type { StoredValue } from "./store.ts";

/** The revision of an ended session. It is above every other revision, so no change replaces it. */
const TOMBSTONE = 9_999_999_999;

/** Returns the store key of a session's newest revision. */
export const sessionKey = (sid: string) => `s:${sid}`;
/**
 * Returns the store key that marks a session as ended. Changes of the session never write this key.
 */
export const endKey = (sid: string) => `e:${sid}`;

/**
 * Returns the session id in a key of {@link sessionKey} or {@link endKey}; `undefined` for other
 * keys.
 */
export function sidOf(key: string): string | undefined {
  return key.startsWith("s:") || key.startsWith("e:") ? key.slice(2) : undefined;
}

/** The prefix of the keys for lists of sessions; see session-index.ts. */
const LIST = "l:";

/**
 * True for the keys of ended sessions and of users. Without their values, revoked sessions would be
 * valid again.
 */
export const isRevocation = (key: string) => key.startsWith("e:") || key.startsWith("u:");
/** True for the keys of lists of sessions. */
export const isList = (key: string) => key.startsWith(LIST);

/**
 * Returns the key for the list of a user's sessions. Redis Cluster stores the list in the same slot
 * as the user's key.
 */
export const listKeyOf = (user: string) => LIST + user.slice(2);

/**
 * Returns the key for the list of sessions that have this value in a field of the option `findBy`.
 */
export function fieldKey(field: string, value: User): string {
  return LIST + hashOf(`field:${field}:${value}`);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

/**
 * The value of an ended session, under both of its keys ({@link sessionKey} and {@link endKey}).
 */
export const TOMB: StoredValue = { rev: TOMBSTONE, value: "" };

const REMEMBERED_KEYS = 10_000;
const userKeys = new Map<User, string>();

/**
 * Returns the store key of a user. The key is a hash of the user id, so that stores and tokens
 * contain no e-mail address or name.
 */
export function userKey(user: User): string {
  const known = userKeys.get(user);
  if (known !== undefined) return known;
  const key = `u:${hashOf(`subject:${user}`)}`;
  if (userKeys.size >= REMEMBERED_KEYS) userKeys.clear();
  userKeys.set(user, key);
  return key;
}

let name: string | undefined;
let writes = 0;

/**
 * Encodes the JSON of a session as the value of its key. The value begins with characters that
 * identify this write, because two requests may write the same JSON. If a database client repeats a
 * write after a broken connection, these characters show which request wrote the value.
 *
 * @param iat when the session's cookie is issued; `exp` is when it expires. Lists of sessions need
 *   both
 */
export function writeSession(json: string, iat: number, exp: number): string {
  name ??= randomBytes(6).toString("base64url");
  return `${name}${(writes += 1).toString(36)}.${iat.toString(36)}.${exp.toString(36)} ${json}`;
}

/**
 * Returns when the cookie of a stored revision was issued and when it expires; `undefined` if the
 * value does not contain these times.
 */
export function timesOf({ value }: StoredValue): Pick<Times, "iat" | "exp"> | undefined {
  const [, iat, exp] = value.slice(0, Math.max(value.indexOf(" "), 0)).split(".");
  if (iat === undefined || exp === undefined) return undefined;
  return { iat: Number.parseInt(iat, 36), exp: Number.parseInt(exp, 36) };
}

/**
 * Decodes the value of a session's key.
 *
 * @throws SessionError `ERR_SESSION_STORE` if Galleta did not write the value
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
