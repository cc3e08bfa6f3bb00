import { fromBase64 } from "./bounds.ts";
import type { JsonObject, JsonValue } from "../session/format.ts";
import { isObject } from "../session/json.ts";

// Flask writes a value that JSON lacks as an object with one key, its tag. The tuple (1, 2) is
// `{" t": [1, 2]}`. The session contains that object unchanged, so Flask gets the same value back.
// If a dict only looks like a tagged value, Flask tags it as a dict: for `{" t": 5}` the cookie has
// `{" di": {" t__": 5}}`. The session contains the plain `{" t": 5}`, because 5 cannot be a tuple.
// For the dict `{" t": [1]}` the session keeps the tagged form, because the plain one is a tuple.

const DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
const DICT = " di";

/**
 * Flask's tags for values that JSON lacks: a tuple is `{ " t": [1, 2] }`. For each tag, a function
 * tells whether Flask writes a given value under that tag.
 */
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

/** Returns the tag of an object: its only key, if this key is one of Flask's tags. */
function tagOf(object: JsonObject): string | undefined {
  const keys = Object.keys(object);
  return keys.length === 1 && TAGS.has(keys[0] ?? "") ? keys[0] : undefined;
}

/**
 * Returns the tag in an object that Flask wrote under `" di"`, the tag of dicts. A dict that looks
 * like a tagged value gets `__` after its key there: `{ " t": 5 }` becomes
 * `{ " di": { " t__": 5 } }`. In this example the result is `" t"`.
 */
function tagOfDict(value: JsonValue | undefined): string | undefined {
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value);
  const key = keys[0];
  if (keys.length !== 1 || key === undefined || !key.endsWith("__")) return undefined;
  const tag = key.slice(0, -2);
  return TAGS.has(tag) ? tag : undefined;
}

/**
 * True if an object is a value that Flask tagged. `{ " t": [1] }` is a tuple; `{ " t": 5 }` is an
 * ordinary dict, because a tuple is written as an array.
 */
const isTagged = (tag: string, object: JsonObject) => TAGS.get(tag)?.(object[tag]) === true;

/**
 * True if a dict must stay under Flask's tag `" di"`. Without this tag, Flask would read the dict
 * as another type, such as a tuple.
 */
function isTaggedDict(value: JsonValue | undefined): boolean {
  const tag = tagOfDict(value);
  if (tag === undefined || !isObject(value)) return false;
  return isTagged(tag, { [tag]: value[`${tag}__`] ?? null });
}

/**
 * Turns the JSON of a Flask cookie into a session.
 * @returns `undefined` if Flask would not read the JSON as a dict
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

/**
 * Turns a session into the JSON of a Flask cookie. A dict that only looks like a tagged value gets
 * the tag `" di"`, as in Flask.
 */
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
  // The key of the object under " di" only looks like a tag. Values in the object are tagged as
  // usual.
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
