import { afterAll, beforeAll, describe, it } from "vitest";
import { noteOutcomes } from "../support/outcomes.ts";
import { Client, type Column } from "./column.ts";
import { begin, socketCases, type Begun } from "./socket-cases.ts";

/** Runs every case of sockets against frameworks' own. Their servers start side by side. */
export function socketSuites(columns: readonly Column[]): void {
  const clients = new Map<Column, { client: Client; begun: Begun }>();
  beforeAll(async () => {
    const start = async (column: Column) => {
      const client = new Client(column, await column.start());
      clients.set(column, { client, begun: await begin(client) });
    };
    await Promise.all(columns.map(start));
  });
  afterAll(() => Promise.all([...clients.values()].map(({ client }) => client.stop())));

  describe.each(columns.map((column) => [column.name, column] as const))("%s", (name, column) => {
    noteOutcomes(name);
    const cases = socketCases.filter(({ isFor }) => isFor?.(column) ?? true);
    it.each(cases.map((one) => [one.name, one] as const))("%s", (_name, one) => {
      const { client, begun } = clients.get(column)!;
      return one.run(client, begun);
    });
  });
}
