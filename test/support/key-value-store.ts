/** Makes a Map with the methods of Keyv, which every cache has. */
export function keyValueStore() {
  const map = new Map<string, { value: string; until: number }>();
  return {
    get: async (key: string) => {
      const kept = map.get(key);
      return kept !== undefined && kept.until > Date.now() ? kept.value : undefined;
    },
    set: async (key: string, value: string, milliseconds: number) => {
      map.set(key, { value, until: Date.now() + milliseconds });
    },
    delete: async (key: string) => map.delete(key),
  };
}
