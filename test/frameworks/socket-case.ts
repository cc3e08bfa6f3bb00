import { expect } from "vitest";
import type { Connected } from "../adapters/socket-harness.ts";
import type { Client, Column } from "./column.ts";

/** Work that starts before the other cases, because it takes seconds. */
export interface Begun {
  readonly expiring: Connected;
}

/** A row of the matrix. */
export interface SocketCase {
  readonly name: string;
  readonly run: (client: Client, begun: Begun) => Promise<void>;
  /** True if the case applies to a column. Default: it does. */
  readonly isFor?: (column: Column) => boolean;
}

export const hasHandshake = ({ limits }: Column) => limits?.hasNoHandshake !== true;

/** True if a page of the column may use `@galleta/session/client`. */
export const hasPage = ({ limits }: Column) =>
  limits?.hasProtocol !== true && limits?.hasNoPage !== true;

/** Waits for the close of a socket, for a reason of its session. */
export async function endsWith(
  { closed }: Connected,
  reason: string,
  { limits }: Column,
): Promise<void> {
  const end = await closed;
  expect(end.code).toBe(limits?.closeCode ?? 1008);
  if (limits?.closeCode === undefined) expect(end.reason).toBe(reason);
}
