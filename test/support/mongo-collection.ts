// A collection of MongoDB in memory. No package of npm or Debian has a server (docs/architecture.md).

type Document = Readonly<Record<string, unknown>>;

/** Makes what connect-mongo and the store of docs/stores.md call of a collection. */
export function makeCollection() {
  const documents = new Map<unknown, Document>();
  const matching = (filter: Document) =>
    structuredClone([...documents.values()].filter((one) => matches(one, filter)));
  return {
    createIndex: async () => "expires_1",
    findOne: async (filter: Document) => matching(filter)[0] ?? null,
    find: (filter: Document) => ({ toArray: async () => matching(filter) }),
    async updateOne(filter: Document, change: { $set: Document }, options = { upsert: false }) {
      const { _id } = filter;
      const [found] = matching(filter);
      if (found === undefined && !options.upsert) return { matchedCount: 0, upsertedCount: 0 };
      // The unique index of _id: an upsert whose filter misses its document inserts a second one.
      if (found === undefined && documents.has(_id)) {
        throw Object.assign(new Error("E11000 duplicate key error"), { code: 11_000 });
      }
      documents.set(_id, structuredClone({ ...found, ...change.$set, _id }));
      return { matchedCount: found ? 1 : 0, upsertedCount: found ? 0 : 1 };
    },
    async deleteOne({ _id }: Document) {
      return { deletedCount: documents.delete(_id) ? 1 : 0 };
    },
  };
}

type Comparable = number | Date | undefined;

const OPERATORS: Record<string, (value: unknown, operand: never) => boolean> = {
  $in: (value, list: readonly unknown[]) => list.includes(value),
  $gt: (value, limit: number | Date) => value !== undefined && (value as Comparable)! > limit,
  $lte: (value, limit: number | Date) => value !== undefined && (value as Comparable)! <= limit,
  $exists: (value, isThere: boolean) => (value !== undefined) === isThere,
};

function matches(document: Document, filter: Document): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (name === "$or") return (wanted as Document[]).some((each) => matches(document, each));
    const value = document[name];
    if (typeof wanted !== "object" || wanted === null) return value === wanted;
    return Object.entries(wanted).every(([operator, operand]) => {
      const holds = OPERATORS[operator];
      if (holds === undefined) throw new Error(`This collection does not know ${operator}.`);
      return holds(value, operand as never);
    });
  });
}
