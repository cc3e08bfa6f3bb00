import { describe, expect, test } from "vitest";
import { decode, encode } from "./decode.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("decode", () => {
  test("returns the type, from either kind of frame", () => {
    expect(decode("text", "ü")).toBe("ü");
    expect(decode("text", bytes("ü"))).toBe("ü");
    expect(decode("json", '{"a":1}')).toEqual({ a: 1 });
    expect(decode("json", bytes("null"))).toBeNull();
    expect(decode("bytes", "ü")).toEqual(bytes("ü"));
    expect(decode("bytes", bytes("a"))).toEqual(bytes("a"));
  });

  test.each([
    ["json", ""],
    ["json", "{"],
    ["json", new Uint8Array([0xff])],
    ["text", new Uint8Array([0xc3])],
  ] as const)("%s throws for %j", (type, raw) => {
    expect(() => decode(type, raw)).toThrow();
  });
});

describe("encode", () => {
  test("accepts values of the type", () => {
    expect(encode("text", "a")).toBe("a");
    expect(encode("json", [null])).toBe("[null]");
    expect(encode("bytes", Buffer.from("a"))).toEqual(Buffer.from("a"));
  });

  test.each([
    ["text", 1],
    ["text", bytes("a")],
    ["bytes", "a"],
    ["json", undefined],
    ["json", () => 1],
    ["json", 1n],
  ] as const)("%s throws a TypeError for %s", (type, value) => {
    expect(() => encode(type, value)).toThrow(TypeError);
  });
});
