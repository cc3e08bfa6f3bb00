import { SessionError } from "../errors.ts";
import type { User } from "../session/records.ts";

/**
 * Finds the user id in the data of a session.
 *
 * @param subject the field that the option `subject` names
 * @returns `undefined` if no user is logged in, or if `revokeAll` would not accept the id
 */
export function findUser(data: object, subject: string): User | undefined {
  const value = fieldOf(data, subject);
  return isUser(value) ? value : undefined;
}

/**
 * Checks the user id in data that is about to be stored. `revokeAll` must accept it later.
 *
 * @throws SessionError `ERR_SESSION_SUBJECT` if `revokeAll` would not accept the id, or if `subject`
 *   is a path
 */
export function assertSubject(data: object, subject: string): void {
  const value = fieldOf(data, subject);
  if (value === undefined && isPath(data, subject)) throw pathError(subject);
  if (value === undefined || value === null || value === "") return;
  assertUser(value, `The field "${subject}" of the session`);
}

/**
 * Checks a user id before the user's sessions are looked up.
 *
 * @throws SessionError `ERR_SESSION_SUBJECT` unless the id is a non-empty string or a finite number
 */
export function assertUser(value: unknown, name = "The user id"): asserts value is User {
  if (isUser(value)) return;
  throw new SessionError(
    "ERR_SESSION_SUBJECT",
    `${name} must be a non-empty string or a finite number. Other values could never be revoked.`,
  );
}

/**
 * Finds the value of a `findBy` field in a session's data. A name with dots is a path into the
 * data.
 */
export function findValue(data: object, path: string): User | undefined {
  const value = valueAt(data, path);
  return isUser(value) ? value : undefined;
}

/**
 * Checks the value of a `findBy` field before a session's data is stored.
 *
 * @throws SessionError `ERR_SESSION_SUBJECT` for a value that `endWhere` would not accept
 */
export function assertValue(data: object, path: string): void {
  const value = valueAt(data, path);
  if (value === undefined || value === null || value === "") return;
  assertUser(value, `The field "${path}" of the session`);
}

function valueAt(data: object, path: string): unknown {
  let value: unknown = data;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = fieldOf(value, name);
  }
  return value;
}

function isUser(value: unknown): value is User {
  return typeof value === "string" ? value !== "" : Number.isFinite(value);
}

function fieldOf(data: object, subject: string): unknown {
  return Object.hasOwn(data, subject) ? (data as Record<string, unknown>)[subject] : undefined;
}

/** True if a dotted field leads to a value inside the data: `user.id` in `{ user: { id: 1 } }`. */
function isPath(data: object, subject: string): boolean {
  const names = subject.split(".");
  if (names.length < 2) return false;
  let value: unknown = data;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return false;
    value = (value as Record<string, unknown>)[name];
  }
  return value !== undefined && value !== null;
}

function pathError(subject: string): SessionError<"ERR_SESSION_SUBJECT"> {
  return new SessionError(
    "ERR_SESSION_SUBJECT",
    `The option \`subject\` must name a field at the top of the session, but "${subject}" is a path. ` +
      "Keep the user id in a field of its own.",
  );
}
