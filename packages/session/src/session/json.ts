import { SessionError } from "../errors.ts";
import type { JsonObject } from "./format.ts";

/** Deeper than any session is, and shallow enough for every JSON parser. */
const MAX_DEPTH = 64;

const notJson = (path: string, what: string): never => {
  throw new SessionError(
    "ERR_SESSION_NOT_JSON",
    `${path} is ${what}, which JSON cannot carry. Store text, numbers, booleans, null, arrays or plain objects.`,
  );
};

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
  assertValue(value, path, []);
}

function assertValue(value: unknown, path: string, above: readonly object[]): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) notJson(path, `${value}`);
      return;
    case "object":
      if (value !== null) assertObject(value, path, above);
      return;
    default:
      notJson(path, typeof value === "undefined" ? "undefined" : `a ${typeof value}`);
  }
}

function assertObject(value: object, path: string, above: readonly object[]): void {
  if (above.includes(value)) notJson(path, "a cycle (it contains itself)");
  if (above.length >= MAX_DEPTH) notJson(path, `nested more than ${MAX_DEPTH} deep`);
  if (value instanceof Date && Number.isNaN(value.getTime())) notJson(path, "an invalid Date");
  if ("toJSON" in value && typeof value.toJSON === "function") {
    // A Date or a URL says itself what it is in JSON.
    const plain: unknown = value.toJSON("");
    if (plain !== value) {
      assertValue(plain, path, [...above, value]);
      return;
    }
  }
  const inside = [...above, value];
  if (Array.isArray(value)) {
    // An index loop also meets the holes of a sparse array.
    for (let i = 0; i < value.length; i += 1) assertValue(value[i], `${path}[${i}]`, inside);
    return;
  }
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag !== "Object") notJson(path, `a ${tag}`);
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) assertValue(item, `${path}.${key}`, inside);
  }
}

/** The metadata of most sessions. One object serves all of them. */
export const NO_META: JsonObject = Object.freeze({});

/**
 * Parses JSON that must be an object, without any `__proto__` in it.
 * @returns `undefined` where it is not JSON, or neither an object nor `[data, metadata]`
 */
export function parseBody(json: string): { data: JsonObject; meta: JsonObject } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  // An escape could spell it too, so the text alone tells only that there is none.
  if (json.includes("__proto__") || json.includes("\\u")) dropProto(value);
  if (isObject(value)) return { data: value, meta: NO_META };
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [data, meta] = value as unknown[];
  return isObject(data) && isObject(meta) ? { data, meta } : undefined;
}

/** Whether a value is an object of JSON, not null and not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a dictionary can take it over: a Map or a Date is an object too, and has no keys. */
export function isDictionary(value: unknown): value is JsonObject {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function dropProto(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (Object.hasOwn(value, "__proto__")) Reflect.deleteProperty(value, "__proto__");
  for (const item of Object.values(value)) dropProto(item);
}
