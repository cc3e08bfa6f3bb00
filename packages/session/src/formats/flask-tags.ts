import { fromBase64 } from "./bounds.ts";
import type { JsonObject, JsonValue } from "../session/format.ts";
import { isObject } from "../session/json.ts";

// Flask writes a value that JSON lacks as an object with one key, its tag. Such an object stays as it
// is in the session, and writing it gives Flask the very value back. Where an object only looks like
// a tagged value, Flask tags it as a dict: `{" t": 5}` is `{" di": {" t__": 5}}` in the cookie. Here
// the session has the plain `{" t": 5}` again, except where that would be a tagged value.

const DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
const DICT = " di";

/** The tags, and whether a value is what Flask writes under them. */
const TAGS: ReadonlyMap<string, (value: JsonValue | undefined) => boolean> = new Map([
  [DICT, (value) => isTaggedDict(value)],
  [" t", (value) => Array.isArray(value)],
  [" b", (value) => typeof value === "string" && fromBase64(value) !== undefined],
  [" m", (value) => typeof value === "string"],
  [" u", (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value)],
  [" d", (value) => typeof value === "string" && isDate(value)],
]);

const isDate = (text: string) =>
  DATE.test(text) && new Date(Date.parse(text)).toUTCString() === text;

/** The tag which is the only key of an object. */
function tagOf(object: JsonObject): string | undefined {
  const keys = Object.keys(object);
  return keys.length === 1 && TAGS.has(keys[0] ?? "") ? keys[0] : undefined;
}

/** The tag that an object under `" di"` had as its only key. */
function tagOfDict(value: JsonValue | undefined): string | undefined {
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value);
  const key = keys[0];
  if (keys.length !== 1 || key === undefined || !key.endsWith("__")) return undefined;
  const tag = key.slice(0, -2);
  return TAGS.has(tag) ? tag : undefined;
}

/** Whether an object with this tag as its only key is a value that Flask tagged. */
const isTagged = (tag: string, object: JsonObject) => TAGS.get(tag)?.(object[tag]) === true;

/** Whether what stands under `" di"` would be a tagged value without it. */
function isTaggedDict(value: JsonValue | undefined): boolean {
  const tag = tagOfDict(value);
  if (tag === undefined || !isObject(value)) return false;
  return isTagged(tag, { [tag]: value[`${tag}__`] ?? null });
}

/**
 * The session in a cookie of Flask.
 * @returns `undefined` where Flask would not get a dict out of it
 */
export function readTags(cookie: JsonObject): JsonObject | undefined {
  const tag = tagOf(cookie);
  if (tag === undefined) return mapObject(cookie, readValue);
  const inner = cookie[tag];
  const plainTag = tag === DICT ? tagOfDict(inner) : undefined;
  if (plainTag === undefined || !isObject(inner)) return undefined;
  return { [plainTag]: readValue(inner[`${plainTag}__`] ?? null) };
}

function readValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(readValue);
  if (!isObject(value)) return value;
  const inner = tagOf(value) === DICT ? value[DICT] : undefined;
  const tag = tagOfDict(inner);
  if (tag === undefined || !isObject(inner)) return mapObject(value, readValue);
  const content = readValue(inner[`${tag}__`] ?? null);
  const plain = { [tag]: content };
  return isTagged(tag, plain) ? { [DICT]: { [`${tag}__`]: content } } : plain;
}

/** The cookie of a session, as Flask tags it. */
export function writeTags(session: JsonObject): JsonObject {
  const tag = tagOf(session);
  return tag === undefined ? mapObject(session, writeValue) : asDict(tag, session);
}

function writeValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(writeValue);
  if (!isObject(value)) return value;
  const tag = tagOf(value);
  if (tag === undefined) return mapObject(value, writeValue);
  if (!isTagged(tag, value)) return asDict(tag, value);
  // Under " di" stands an object whose key only looks like a tag; what it holds is tagged as usual.
  return mapObject(value, (content) =>
    tag === DICT && isObject(content) ? mapObject(content, writeValue) : writeValue(content),
  );
}

const asDict = (tag: string, object: JsonObject): JsonObject => ({
  [DICT]: { [`${tag}__`]: writeValue(object[tag] ?? null) },
});

function mapObject(object: JsonObject, map: (value: JsonValue) => JsonValue): JsonObject {
  const mapped: JsonObject = {};
  for (const [key, value] of Object.entries(object)) mapped[key] = map(value);
  return mapped;
}
