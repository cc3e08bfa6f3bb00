import { describe, it } from "vitest";
import { noteOutcomes } from "../support/outcomes.ts";
import type { Harness } from "./harness.ts";
import { crossSiteCases } from "./cases/cross-site.ts";
import { deviceCases } from "./cases/device.ts";
import { handshakeCases } from "./cases/handshakes.ts";
import { headerCases } from "./cases/headers.ts";
import { exchangeCases } from "./cases/exchange.ts";
import { overlappingCases } from "./cases/overlapping.ts";
import { responseCases } from "./cases/responses.ts";
import { sessionCases } from "./cases/session.ts";
import { setUpCases } from "./cases/set-up.ts";
import { socketUpdateCases } from "./cases/socket-updates.ts";
import { socketCases } from "./cases/sockets.ts";
import { severalSocketCases } from "./cases/several-sockets.ts";
import { severalCases } from "./cases/several.ts";
import { storeCases } from "./cases/store.ts";
import type { SocketHarness } from "./socket-harness.ts";

/** One row of the matrix. */
export interface Case {
  readonly name: string;
  readonly run: (harness: Harness) => Promise<void>;
}

const CASES: readonly Case[] = [
  ...sessionCases,
  ...overlappingCases,
  ...responseCases,
  ...exchangeCases,
  ...headerCases,
  ...crossSiteCases,
  ...handshakeCases,
  ...setUpCases,
  ...severalCases,
  ...storeCases,
  ...deviceCases,
];

/** Runs every case against a framework, and notes the outcomes for the matrix. */
export function conformance(harness: Harness): void {
  describe(`${harness.name} conforms`, () => {
    noteOutcomes(harness.name);
    it.each(CASES.map((one) => [one.name, one] as const))("%s", (_name, one) => one.run(harness));
  });
}

const SOCKET_CASES = [...socketCases, ...socketUpdateCases, ...severalSocketCases];

/** Runs every case of sockets against a library. */
export function socketConformance(harness: SocketHarness): void {
  describe(`${harness.name} conforms`, () => {
    noteOutcomes(harness.name);
    const cases = SOCKET_CASES.filter(
      ({ needsLive, needsSeveral }) =>
        (needsLive !== true || harness.speaksLive) &&
        (needsSeveral !== true || harness.takesSeveral),
    );
    it.each(cases.map((one) => [one.name, one] as const))("%s", (_name, one) => one.run(harness));
  });
}
