import { SessionError } from "../errors.ts";
import type { JsonObject } from "./format.ts";

/** Deeper than any session is, and shallow enough for every JSON parser. */
const MAX_DEPTH = 64;

/**
 * Makes sure that JSON carries everything in a session, so that nothing is dropped or altered
 * without a word as `JSON.stringify` does. What stays as JSON has it: `-0` becomes `0`, a key with
 * `undefined` is no key, an object of a class comes back as a plain one.
 *
 * @throws SessionError `ERR_SESSION_NOT_JSON` naming the path of the first value that does not fit
 */
export function assertJson(data: object): void {
  for (const key of Object.keys(data)) {
    const value = (data as Record<string, unknown>)[key];
    // The common case, without building a path.
    if (typeof value === "string" || typeof value === "boolean" || value === undefined) continue;
    assertJsonValue(value, `session.${key}`);
  }
}

/**
 * The same for one value.
 *
 * @param path what the message calls it
 */
export function assertJsonValue(value: unknown, path: string): void {
  const flaw = findFlaw(value, []);
  if (flaw === undefined) return;
  throw new SessionError(
    "ERR_SESSION_NOT_JSON",
    `${path}${flaw}, which JSON cannot carry. Store text, numbers, booleans, null, arrays or plain objects.`,
  );
}

/**
 * What JSON cannot carry of a value, as in ".a[1] is NaN"; the path is put together on the way out.
 *
 * @param above the objects around the value
 * @returns `undefined` where JSON carries all of it
 */
function findFlaw(value: unknown, above: object[]): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value !== "object") {
    if (Number.isFinite(value)) return undefined;
    return ` is ${value === undefined || typeof value === "number" ? value : `a ${typeof value}`}`;
  }
  if (above.includes(value)) return " is a cycle (it contains itself)";
  if (above.length >= MAX_DEPTH) return ` is nested more than ${MAX_DEPTH} deep`;
  if (value instanceof Date && Number.isNaN(value.getTime())) return " is an invalid Date";
  above.push(value);
  // A Date or a URL says itself what it is in JSON.
  const plain: unknown =
    "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON("") : value;
  let flaw: string | undefined;
  if (plain !== value) {
    flaw = findFlaw(plain, above);
  } else if (Array.isArray(value)) {
    // An index loop also meets the holes of a sparse array.
    for (let i = 0; i < value.length; i += 1) {
      flaw = findFlaw(value[i], above);
      if (flaw !== undefined) return `[${i}]${flaw}`;
    }
  } else if (isDictionary(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] !== undefined) flaw = findFlaw(value[key], above);
      if (flaw !== undefined) return `.${key}${flaw}`;
    }
  } else {
    return ` is a ${tagOf(value).slice(8, -1)}`;
  }
  above.pop();
  return flaw;
}

/** The metadata of most sessions. One object serves all of them. */
export const NO_META: JsonObject = Object.freeze({});

/**
 * Parses JSON that must be an object, without any `__proto__` in it.
 * @returns `undefined` where it is not JSON, or neither an object nor `[data, metadata]`
 */
export function parseBody(json: string): { data: JsonObject; meta: JsonObject } | undefined {
  try {
    // An escape could spell it too, so the text alone tells only that there is none.
    const isSuspect = json.includes("__proto__") || json.includes("\\u");
    const value: unknown = JSON.parse(json, isSuspect ? dropProto : undefined);
    if (isObject(value)) return { data: value, meta: NO_META };
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [data, meta] = value as unknown[];
    return isObject(data) && isObject(meta) ? { data, meta } : undefined;
  } catch {
    return undefined;
  }
}

const dropProto = (key: string, value: unknown) => (key === "__proto__" ? undefined : value);

/** Whether a value is an object of JSON, not null and not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a dictionary can take it over: a Map or a Date is an object too, and has no keys. */
export function isDictionary(value: unknown): value is JsonObject {
  return tagOf(value) === "[object Object]";
}

const tagOf = (value: unknown): string => Object.prototype.toString.call(value);
