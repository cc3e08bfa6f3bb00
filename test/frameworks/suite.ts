import { afterAll, beforeAll, describe, it } from "vitest";
import { noteOutcomes } from "../support/outcomes.ts";
import { Client, type Column } from "./column.ts";
import { begin, socketCases } from "./socket-cases.ts";
import type { Begun } from "./socket-case.ts";

interface Started {
  readonly client: Client;
  readonly begun: Begun;
}

/** Runs every case of sockets against frameworks' own sockets. Their servers start side by side. */
export function socketSuites(columns: readonly Column[]): void {
  const started = new Map<Column, Started | Error>();
  const clients: Client[] = [];
  beforeAll(async () => {
    const start = async (column: Column) => {
      const client = new Client(column, await column.start());
      clients.push(client);
      return { client, begun: await begin(client) };
    };
    const keep = async (column: Column) => {
      const late = new Promise<Error>((resolve) =>
        setTimeout(resolve, 90_000, new Error("did not start in time")).unref(),
      );
      const outcome = start(column).catch((error: unknown) => error as Error);
      started.set(column, await Promise.race([outcome, late]));
    };
    await Promise.all(columns.map(keep));
  });
  afterAll(() => Promise.all(clients.map((client) => client.stop())));

  describe.each(columns.map((column) => [column.name, column] as const))("%s", (name, column) => {
    noteOutcomes(name);
    const cases = socketCases.filter(({ isFor }) => isFor?.(column) ?? true);
    it.each(cases.map((one) => [one.name, one] as const))("%s", (_name, one) => {
      const given = started.get(column);
      if (given === undefined || given instanceof Error) throw given ?? new Error("not started");
      return one.run(given.client, given.begun);
    });
  });
}
