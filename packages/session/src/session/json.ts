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
  refuseFlaw("session", findInside(data, []));
}

/**
 * The same for one value.
 *
 * @param path what the message calls it
 */
export function assertJsonValue(value: unknown, path: string): void {
  refuseFlaw(path, findFlaw(value, []));
}

function refuseFlaw(path: string, flaw: string | undefined): void {
  if (flaw === undefined) return;
  throw new SessionError(
    "ERR_SESSION_NOT_JSON",
    `${path}${flaw}, which JSON cannot carry: store plain data.`,
  );
}

/**
 * What JSON cannot carry of a value, as in ".a[1] is NaN": the path is put together on the way out,
 * and costs nothing where all is well.
 *
 * @param above the objects around the value
 */
function findFlaw(value: unknown, above: object[]): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value !== "object") {
    if (Number.isFinite(value)) return undefined;
    return ` is ${value === undefined || typeof value === "number" ? value : `a ${typeof value}`}`;
  }
  if (above.includes(value)) return " is inside itself";
  if (above.length >= MAX_DEPTH) return ` is nested more than ${MAX_DEPTH} deep`;
  if (value instanceof Date && Number.isNaN(value.getTime())) return " is an invalid Date";
  above.push(value);
  let flaw: string | undefined;
  // A Date or a URL says itself what it is in JSON.
  const own = value as { readonly toJSON?: unknown };
  const plain: unknown = typeof own.toJSON === "function" ? own.toJSON("") : value;
  if (plain !== value) {
    flaw = findFlaw(plain, above);
  } else if (Array.isArray(value)) {
    // An index loop also meets the holes of a sparse array.
    for (let i = 0; i < value.length; i += 1) {
      flaw = findFlaw(value[i], above);
      if (flaw !== undefined) return `[${i}]${flaw}`;
    }
  } else {
    flaw = isDictionary(value) ? findInside(value, above) : ` is a ${tagOf(value).slice(8, -1)}`;
  }
  above.pop();
  return flaw;
}

/** The same for what the keys of an object hold. A key with `undefined` is no key. */
function findInside(object: object, above: object[]): string | undefined {
  for (const key of Object.keys(object)) {
    const item = (object as Record<string, unknown>)[key];
    const flaw = item === undefined ? item : findFlaw(item, above);
    if (flaw !== undefined) return `.${key}${flaw}`;
  }
  return undefined;
}

/** The metadata of most sessions. One object serves all of them. */
export const NO_META: JsonObject = Object.freeze({});

/**
 * Parses JSON that must be an object, without any `__proto__` in it.
 * @returns `undefined` where it is not JSON, or neither an object nor `[data, metadata]`
 */
export function parseBody(json: string): { data: JsonObject; meta: JsonObject } | undefined {
  try {
    const value: unknown = JSON.parse(json, SUSPECT.test(json) ? dropProto : undefined);
    if (isObject(value)) return { data: value, meta: NO_META };
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [data, meta] = value as unknown[];
    return isObject(data) && isObject(meta) ? { data, meta } : undefined;
  } catch {
    return undefined;
  }
}

// The key itself, or an escape of one of its characters, which JSON.stringify never writes.
const SUSPECT = /__proto__|\\u00[567]/;
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
