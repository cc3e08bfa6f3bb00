import { EventEmitter } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { clusterBackplane } from "./cluster.ts";

afterEach(() => void vi.unstubAllGlobals());

/** A worker's end of the channel to its primary. */
function worker(connected = true) {
  const sent: unknown[] = [];
  const channel = new EventEmitter();
  const send = (message: unknown) => sent.push(message);
  vi.stubGlobal("process", Object.assign(channel, { connected, send }));
  return { channel, sent };
}

const envelope = (payload: unknown) => ({ galleta: "backplane", channel: "session", payload });

it("a worker sends its messages to the primary, as long as they are connected", () => {
  const { sent } = worker();
  void clusterBackplane().publish("hello", 0);
  expect(sent).toEqual([envelope("hello")]);
  const gone = worker(false);
  void clusterBackplane().publish("hello", 0);
  expect(gone.sent).toEqual([]);
});

it("a worker receives messages of sessions only, until it stops listening", () => {
  const { channel } = worker();
  const backplane = clusterBackplane();
  const received: string[] = [];
  void backplane.close();
  void backplane.subscribe(
    (message) => void received.push(message),
    () => undefined,
  );
  const others = [
    undefined,
    null,
    "hello",
    { ...envelope("of another program"), galleta: "other" },
    { ...envelope("of another channel"), channel: "other" },
    envelope(7),
  ];
  for (const message of [...others, envelope("one"), envelope("two")]) {
    channel.emit("message", message);
  }
  expect(received).toEqual(["one", "two"]);
  void backplane.close();
  expect(channel.listenerCount("message")).toBe(0);
  void backplane.close();
});
