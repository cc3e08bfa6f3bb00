import { channel } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import { Recorder, sharedRecorder } from "./recorder.ts";

const event = (at: number) => ({ type: "created", at }) as const;

describe("Recorder", () => {
  it("returns the newest first, and forgets after ten minutes", () => {
    const recorder = new Recorder();
    recorder.record(event(1000));
    recorder.record(event(2000));
    expect(recorder.recent(2000).map(({ at }) => at)).toEqual([2000, 1000]);
    expect(recorder.recent(601_500).map(({ at }) => at)).toEqual([2000]);
    expect(recorder.recent(10_000_000)).toEqual([]);
  });
  it("never keeps more than 200", () => {
    const recorder = new Recorder();
    for (let at = 1; at <= 1000; at += 1) recorder.record(event(at));
    const kept = recorder.recent(1000);
    expect(kept).toHaveLength(200);
    expect(kept[0]).toEqual(event(1000));
  });
  it("leaves out events of unrecorded code, even if that throws", () => {
    const recorder = new Recorder();
    const look = () => {
      recorder.record(event(1));
      throw new Error("no");
    };
    expect(() => recorder.unrecorded(look)).toThrow("no");
    recorder.record(event(2));
    expect(recorder.recent(2)).toEqual([event(2)]);
  });
  it("listens once for all apps of the process", () => {
    expect(sharedRecorder()).toBe(sharedRecorder());
    const at = Date.now();
    channel("galleta:session").publish(event(at));
    expect(sharedRecorder().recent(at)[0]).toEqual(event(at));
  });
});
