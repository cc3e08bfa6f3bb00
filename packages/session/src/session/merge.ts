import { serializeBody } from "./body.ts";
import type { JsonObject, JsonValue } from "./format.ts";
import { parseBody } from "./json.ts";
import type { Shared } from "./shared.ts";

/** The result of merging two requests' changes of one session. */
export interface Merged {
  readonly data: JsonObject;
  /** Top-level keys that both requests changed to different values. */
  readonly conflicts: readonly string[];
}

const same = (a: JsonValue | undefined, b: JsonValue | undefined) =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

/**
 * Merges two changes of one session by top-level key. A key that only one side changed keeps that
 * change. If both changed a key, the later value (`ours`) wins and the key is a conflict.
 */
export function mergeData(base: JsonObject, theirs: JsonObject, ours: JsonObject): Merged {
  const data: JsonObject = {};
  const conflicts: string[] = [];
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const before = own(base, key);
    const [their, our] = [own(theirs, key), own(ours, key)];
    const weChanged = !same(before, our);
    if (weChanged && !same(before, their) && !same(their, our)) conflicts.push(key);
    const value = weChanged ? our : their;
    if (value !== undefined) data[key] = value;
  }
  return { data, conflicts };
}

function own(data: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}

/**
 * Merges two requests' changes of one session. Changes of different keys are both kept. For the
 * same key the later change wins, and the event `conflict` is emitted.
 */
export function mergeBodies(
  { settings }: Shared,
  sid: string,
  ...jsons: [base: string, newest: string, ours: string]
): string {
  const [base, theirs, ours] = jsons.map((json) => parseBody(json));
  if (base === undefined || theirs === undefined || ours === undefined) return jsons[2];
  const { data, conflicts } = mergeData(base.data, theirs.data, ours.data);
  const { data: meta } = mergeData(base.meta, theirs.meta, ours.meta);
  if (conflicts.length > 0) settings.events.emit("conflict", sid, { keys: conflicts });
  return serializeBody(data, meta);
}
