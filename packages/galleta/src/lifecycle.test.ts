import { afterEach, describe, expect, test, vi } from "vitest";
import { Lifecycle } from "./lifecycle.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("Lifecycle", () => {
  test("starts once for several users, and stops with the last", async () => {
    const lifecycle = new Lifecycle();
    const start = vi.fn();
    const stop = vi.fn();
    lifecycle.on("startup", start);
    lifecycle.on("shutdown", stop);
    await Promise.all([lifecycle.start(), lifecycle.start()]);
    expect(start).toHaveBeenCalledOnce();
    await lifecycle.stop();
    expect(stop).not.toHaveBeenCalled();
    await lifecycle.stop();
    expect(stop).toHaveBeenCalledOnce();
    await lifecycle.start();
    expect(start).toHaveBeenCalledTimes(2);
  });

  test("lets the second user wait for the start, too", async () => {
    const lifecycle = new Lifecycle();
    let finish!: () => void;
    let isReady = false;
    lifecycle.on("startup", async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      isReady = true;
    });
    const first = lifecycle.start();
    const second = lifecycle.start().then(() => isReady);
    finish();
    await first;
    expect(await second).toBe(true);
  });

  test("undoes a failed start, for each that waits for it, and may try again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const lifecycle = new Lifecycle();
    const inner = new Lifecycle();
    const stops: string[] = [];
    let isBroken = true;
    lifecycle.on("startup", () => {
      if (isBroken) throw new Error("no database");
    });
    lifecycle.on("shutdown", () => {
      stops.push("outer");
      throw new Error("not even that");
    });
    inner.on("shutdown", () => stops.push("inner"));
    lifecycle.add(inner);
    const both = await Promise.allSettled([lifecycle.start(), lifecycle.start()]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(stops).toEqual(["outer"]);
    isBroken = false;
    await lifecycle.start();
    await lifecycle.stop();
    expect(stops).toEqual(["outer", "inner", "outer"]);
  });
});
