import type { StoredValue } from "./store.ts";

/**
 * Reads each group of keys with a separate command; all commands run in parallel. This is for
 * databases that cannot read all keys with one command.
 *
 * @returns the values in the order of the keys
 */
export async function readInGroups(
  keys: readonly string[],
  groupOf: (key: string) => string,
  read: (
    keys: readonly string[],
    group: string,
  ) => Promise<readonly (StoredValue | null | undefined)[]>,
): Promise<(StoredValue | undefined)[]> {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const group = groupOf(key);
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [key]);
    else known.push(key);
  }
  const found = new Map<string, StoredValue | undefined>();
  await Promise.all(
    [...groups].map(async ([group, members]) => {
      const values = await read(members, group);
      for (const [i, key] of members.entries()) found.set(key, values[i] ?? undefined);
    }),
  );
  return keys.map((key) => found.get(key));
}
