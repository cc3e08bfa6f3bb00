import { SessionError } from "../errors.ts";
import type { Flat } from "../token/token.ts";
import type { JsonObject, JsonValue } from "./format.ts";
import { dropProto, isEmpty, isObject } from "./json.ts";
import { validateData } from "./schema.ts";
import type { SessionSettings } from "./settings.ts";

/**
 * Serializes a session to JSON: its data, or `[data, metadata]` if it has metadata. Keys named
 * `__proto__` are left out, because readers drop them.
 */
export function serializeBody(data: JsonObject, meta: JsonObject): string {
  let body: object = data;
  for (const _ in meta) body = [data, meta];
  const json = JSON.stringify(body);
  return json.includes('"__proto__":') ? JSON.stringify(body, dropProto) : json;
}

/**
 * Applies `schema` and `migrate` to a cookie's data. Returns `undefined` if the result does not
 * match.
 */
export function fitSchema(
  { schema, migrate }: SessionSettings,
  data: JsonObject,
): { data: JsonObject; migrated: boolean } | undefined {
  if (schema === undefined || isEmpty(data)) return { data, migrated: false };
  try {
    // Validates a copy: a schema may change its argument, and `migrate` must get the original data.
    let fitting = validateData(schema, structuredClone(data));
    if (fitting !== undefined) return { data: fitting, migrated: false };
    // Passes a copy: `migrate` may change its argument, and other requests may share the parsed
    // data.
    const moved: unknown = migrate?.({ ...data });
    if (isObject(moved)) fitting = validateData(schema, moved);
    return fitting && { data: fitting, migrated: true };
  } catch (error) {
    if (error instanceof SessionError) throw error;
    // If old data makes the schema or `migrate` throw, the session starts empty and the request
    // continues.
    return undefined;
  }
}

/**
 * Checks data against the schema.
 *
 * @throws SessionError `ERR_SESSION_SCHEMA` if the next request would reject the data
 */
export function assertFits({ schema }: SessionSettings, data: JsonObject): void {
  // Empty data need not match: the session may have only a flash message so far.
  if (schema === undefined || isEmpty(data)) return;
  if (validateData(schema, JSON.parse(JSON.stringify(data)) as JsonObject)) return;
  throw new SessionError(
    "ERR_SESSION_SCHEMA",
    "The session's data does not match its schema, so the next request would reject it.",
  );
}

/**
 * True if the session's data equals the data that was loaded, which has no nested values. Comparing
 * key by key costs much less than serializing.
 */
export function isSame(data: JsonObject, flat: Readonly<JsonObject>): boolean {
  let more = 0;
  for (const key in flat) {
    if (data[key] !== flat[key]) return false;
    more += 1;
  }
  for (const _ in data) more -= 1;
  // `for...in` skips symbols. Data with a symbol counts as changed, so that `assertJson` throws.
  return more === 0 && Object.getOwnPropertySymbols(data).length === 0;
}

/**
 * Copies data if none of its values is nested. The next request then need not parse its JSON.
 *
 * @returns `undefined` if a value is nested or changed by JSON, or if there is metadata
 */
export function flatCopy(data: JsonObject, meta: JsonObject): Flat | undefined {
  for (const _ in meta) return undefined;
  const copy: Record<string, Flat[string]> = {};
  for (const key in data) {
    const value: JsonValue | undefined = data[key];
    if (!isPlain(value) || key === "__proto__") return undefined;
    copy[key] = value;
  }
  return Object.getOwnPropertySymbols(data).length === 0 ? copy : undefined;
}

function isPlain(value: JsonValue | undefined): value is Flat[string] {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    default:
      return value === null;
  }
}
