import { describe, expect, it } from "vitest";
import { chunkNames, findChunks, isChunkName, MAX_CHUNKS, splitChunks } from "./chunks.ts";
import { AMBIGUOUS } from "./parse.ts";

describe("findChunks", () => {
  const find = (header: string) => findChunks(header, "s");

  it("collects up to the first gap and never more than four", () => {
    expect(find("")).toEqual([]);
    expect(find("s.1=b; s.2=c")).toEqual([]);
    expect(find("s=a; s.2=c")).toEqual(["a"]);
    expect(find("s.2=c; s=a; s.1=b")).toEqual(["a", "b", "c"]);
    expect(find("s=a; s.1=b; s.2=c; s.3=d; s.4=e; s.5=f")).toEqual(["a", "b", "c", "d"]);
    expect(find("s=a; s.01=b; s.1 =b; s.-1=x; s.=y")).toEqual(["a"]);
  });
  it("skips a chunk that came twice", () => {
    expect(find("s=a; s.1=b; s.1=c")).toBe(AMBIGUOUS);
    expect(find("s=a; s.2=b; s.2=c")).toEqual(["a"]);
  });
});

it("recognizes the names of chunks", () => {
  expect(chunkNames("s")).toEqual(["s", "s.1", "s.2", "s.3"]);
  expect(["s.1", "s.3"].every((name) => isChunkName("s", name))).toBe(true);
  expect(["s", "s.0", "s.4", "s.01", "t.1"].some((name) => isChunkName("s", name))).toBe(false);
});

describe("splitChunks", () => {
  it.each([0, 1, 4095, 4096, 8190, 8191, 12_000, 16_000])("splits %i characters", (length) => {
    const value = "abcdefghij".repeat(Math.ceil(length / 10)).slice(0, length);
    const chunks = splitChunks("s", value);
    expect(chunks.map((chunk) => chunk.value).join("")).toBe(value);
    expect(chunks.map(({ name }) => name)).toEqual(chunkNames("s").slice(0, chunks.length));
    for (const chunk of chunks) {
      expect(chunk.name.length + chunk.value.length).toBeLessThanOrEqual(4096);
      expect(chunk.value === "" && length > 0).toBe(false);
    }
    expect(chunks.length > MAX_CHUNKS).toBe(false);
  });
});
