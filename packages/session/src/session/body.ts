import { SessionError } from "../errors.ts";
import type { Flat } from "../token/token.ts";
import type { JsonObject, JsonValue } from "./format.ts";
import { isObject } from "./json.ts";
import { validateData } from "./schema.ts";
import type { SessionSettings } from "./settings.ts";

/** The JSON of a session: its data, or data and metadata where there is any. */
export function serializeBody(data: JsonObject, meta: JsonObject): string {
  for (const _ in meta) return JSON.stringify([data, meta]);
  return JSON.stringify(data);
}

/**
 * What `schema` and `migrate` make of the data of a cookie; `undefined` where it does not fit.
 */
export function fitSchema(
  { schema, migrate }: SessionSettings,
  data: JsonObject,
): { data: JsonObject; migrated: boolean } | undefined {
  if (schema === undefined || isEmpty(data)) return { data, migrated: false };
  try {
    // Validated as a copy: migrate is to see what the cookie held, not what a schema made of it.
    let fitting = validateData(schema, structuredClone(data));
    if (fitting !== undefined) return { data: fitting, migrated: false };
    // It may change what it is given, and other requests may share what was parsed.
    const moved: unknown = migrate?.({ ...data });
    if (isObject(moved)) fitting = validateData(schema, moved);
    return fitting && { data: fitting, migrated: true };
  } catch (error) {
    if (error instanceof SessionError) throw error;
    // Old data that a check or migrate trips over costs the session, not the request.
    return undefined;
  }
}

/** @throws SessionError `ERR_SESSION_SCHEMA` when the next request would refuse the data */
export function assertFits({ schema }: SessionSettings, data: JsonObject): void {
  if (schema === undefined || isEmpty(data)) return;
  if (validateData(schema, JSON.parse(JSON.stringify(data)) as JsonObject)) return;
  throw new SessionError(
    "ERR_SESSION_SCHEMA",
    "The session does not fit its schema: the next request would refuse it.",
  );
}

/** A session with nothing but a flash message in it has no shape yet. */
const isEmpty = (data: JsonObject) => Object.keys(data).length === 0;

/** Whether data is what it was, key by key: much less work than to serialize it. */
export function isSame(data: JsonObject, flat: Readonly<JsonObject>): boolean {
  let more = 0;
  for (const key in flat) {
    if (data[key] !== flat[key]) return false;
    more += 1;
  }
  for (const _ in data) more -= 1;
  // A symbol is no key of JSON: whoever serializes the data refuses it.
  return more === 0 && Object.getOwnPropertySymbols(data).length === 0;
}

/**
 * What the next request will read from JSON made of this, so that it need not be parsed.
 *
 * @returns `undefined` where something is nested, is no JSON as it stands, or there is metadata
 */
export function flatCopy(data: JsonObject, meta: JsonObject): Flat | undefined {
  for (const _ in meta) return undefined;
  const copy: Record<string, Flat[string]> = {};
  for (const key in data) {
    const value: JsonValue | undefined = data[key];
    if (value === undefined || (typeof value === "object" && value !== null)) return undefined;
    if (key === "__proto__" || Object.is(value, -0)) return undefined;
    copy[key] = value;
  }
  return copy;
}
