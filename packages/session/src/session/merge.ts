import type { JsonObject, JsonValue } from "./format.ts";

/** The outcome of a three-way merge. */
export interface Merged {
  readonly data: JsonObject;
  /** Top-level keys that both sides changed, differently. */
  readonly conflicts: readonly string[];
}

const same = (a: JsonValue | undefined, b: JsonValue | undefined) =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

/**
 * Merges two changes of one session by top-level key: a key that only one side changed keeps that
 * change; of a key that both changed, `ours`, the later, wins and is named as a conflict.
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
