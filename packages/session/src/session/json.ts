import { SessionError } from "../errors.ts";
import type { JsonObject } from "./format.ts";

/** How many levels deep session data may be nested. Every JSON parser accepts this depth. */
const MAX_DEPTH = 64;

/**
 * Checks that JSON preserves every value of a session. `JSON.stringify` would silently drop or
 * alter some values. Three changes are accepted: `-0` becomes `0`, a key with `undefined` is
 * dropped, and a value with `toJSON` (a Date, a URL) becomes the result of that method.
 *
 * @throws SessionError `ERR_SESSION_NOT_JSON` that names the path of the first wrong value
 */
export function assertJson(data: object): void {
  throwForFlaw("session", findInside(data, []));
}

/**
 * Checks that JSON preserves a value, such as one that an app stores in a session.
 *
 * @param path how the error message names the value
 */
export function assertJsonValue(value: unknown, path: string): void {
  throwForFlaw(path, findFlaw(value, []));
}

function throwForFlaw(path: string, flaw: string | undefined): void {
  if (flaw === undefined) return;
  throw new SessionError(
    "ERR_SESSION_NOT_JSON",
    `${path}${flaw}, which JSON cannot carry. Store plain data.`,
  );
}

/**
 * Describes the first value that JSON cannot carry, as in ".a[1] is NaN". The path is built only
 * after a wrong value was found, so checking correct data costs nothing extra.
 *
 * @param above the objects that contain the value, from the outermost
 * @returns `undefined` if JSON can carry the value
 */
function findFlaw(value: unknown, above: object[]): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value !== "object") {
    if (Number.isFinite(value)) return undefined;
    return ` is ${value === undefined || typeof value === "number" ? value : `a ${typeof value}`}`;
  }
  if (above.includes(value)) return " is inside itself";
  if (above.length >= MAX_DEPTH) return ` is nested more than ${MAX_DEPTH} levels deep`;
  if (value instanceof Date && Number.isNaN(value.getTime())) return " is an invalid Date";
  above.push(value);
  let flaw: string | undefined;
  // Objects with `toJSON`, such as a Date or a URL, define their own JSON.
  const own = value as { readonly toJSON?: unknown };
  const plain: unknown = typeof own.toJSON === "function" ? own.toJSON("") : value;
  if (plain !== value) flaw = findFlaw(plain, above);
  else if (Array.isArray(value)) flaw = findInList(value, above);
  else flaw = findForeignKind(value) ?? findInside(value, above);
  above.pop();
  return flaw;
}

function findInList(list: readonly unknown[], above: object[]): string | undefined {
  // Unlike `forEach`, an index loop visits the holes of a sparse array.
  for (let i = 0; i < list.length; i += 1) {
    const flaw = findFlaw(list[i], above);
    if (flaw !== undefined) return `[${i}]${flaw}`;
  }
  // `Object.keys` lists the indexes first. Other keys follow, such as `index` and `input` in the
  // result of `"text".match(/t/)`.
  const names = Object.keys(list);
  if (names.length > list.length) return `.${names[list.length]} is a property of an array`;
  return findSymbol(list);
}

/** Describes an object that is an instance of a class, because JSON would lose the class. */
function findForeignKind(value: object): string | undefined {
  // Looks at the tag, because objects such as a Map or a Date may have no keys at all.
  const tag = tagOf(value);
  if (tag !== "[object Object]") return ` is a ${tag.slice(8, -1)}`;
  if (isPlain(value)) return undefined;
  const { constructor } = value;
  const name = typeof constructor === "function" ? constructor.name : "";
  return ` is an instance of ${name === "" ? "a class" : `the class ${name}`}`;
}

/**
 * True for plain objects, and for results of `querystring.parse`. A plain object may come from
 * another JavaScript realm, as in tests with Jest.
 */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Describes an object's key that is a symbol, because `Object.keys` and JSON skip symbols. */
function findSymbol(object: object): string | undefined {
  const symbol = Object.getOwnPropertySymbols(object).find((key) =>
    Object.prototype.propertyIsEnumerable.call(object, key),
  );
  return symbol && `[${String(symbol)}] has a symbol as its key`;
}

/**
 * Describes the first value in an object that JSON cannot carry. A key with `undefined` is ignored.
 */
function findInside(object: object, above: object[]): string | undefined {
  for (const key of Object.keys(object)) {
    const item = (object as Record<string, unknown>)[key];
    const flaw = item === undefined ? item : findFlaw(item, above);
    if (flaw !== undefined) return `.${key}${flaw}`;
  }
  return findSymbol(object);
}

/** Empty metadata. All sessions without metadata share this object. */
export const NO_META: JsonObject = Object.freeze({});

/**
 * Parses the JSON of a session, and removes every key `__proto__`.
 * @returns `undefined` if the text is not JSON, or is neither an object nor `[data, metadata]`
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

// Matches `__proto__`, or a JSON escape of one of its characters. JSON.stringify never writes such
// an escape.
const SUSPECT = /__proto__|\\u00[567]/;

/** A function for `JSON.parse` or `JSON.stringify` that drops keys named `__proto__`. */
export const dropProto = (key: string, value: unknown): unknown =>
  key === "__proto__" ? undefined : value;

/**
 * True if no key of the data would be saved. JSON drops a key with `undefined`, and a session drops
 * `__proto__`.
 */
export function isEmpty(data: JsonObject): boolean {
  for (const key in data) if (data[key] !== undefined && key !== "__proto__") return false;
  return true;
}

/** True if a value is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks that a value can replace the data of a session.
 *
 * @throws SessionError `ERR_SESSION_NOT_JSON`
 */
export function assertDictionary(value: unknown): asserts value is JsonObject {
  if (typeof value !== "object" || value === null) {
    throw new SessionError(
      "ERR_SESSION_NOT_JSON",
      "A session must be an object, or null to end it.",
    );
  }
  throwForFlaw("session", findForeignKind(value) ?? findSymbol(value));
}

const tagOf = (value: unknown): string => Object.prototype.toString.call(value);
