import { afterEach, expect, it, vi } from "vitest";
import { failureReply } from "./adapters/kit/handshake.ts";
import { liveSockets } from "./live/foreign.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

// A `process` as workerd's with a compatibility date before `emitWarning`.
const withoutWarnings = () => {
  vi.stubGlobal("process", { env: {} });
  return vi.spyOn(console, "warn").mockImplementation(() => undefined);
};

it("answers a handshake that failed, where no process warning exists", () => {
  const said = withoutWarnings();
  const failure = new Error("The disk is full.");
  expect(failureReply(failure).status).toBe(500);
  expect(said.mock.calls).toEqual([[failure]]);
});

it("prints the error of a backplane on runtimes without process warnings", async () => {
  const said = withoutWarnings();
  const failure = new Error("The backplane is down.");
  const backplane = {
    publish: () => Promise.reject(failure),
    subscribe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  await liveSockets({ backplane }).end("s1");
  await vi.waitFor(() => expect(said.mock.calls).toEqual([[failure]]));
});

it("is a process warning elsewhere", () => {
  const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  failureReply("a string");
  expect(emit.mock.calls).toEqual([[new Error("a string")]]);
});
