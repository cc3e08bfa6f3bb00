import { expect, test } from "vitest";
import { Pongs } from "./pongs.ts";

test("Pongs answers each ping of a client that reads", () => {
  const sent: number[] = [];
  const pongs = new Pongs((data, done) => {
    sent.push(data[0]!);
    done();
  });
  for (let index = 0; index < 100; index += 1) pongs.answer(Uint8Array.of(index));
  expect(sent).toHaveLength(100);
});

test("Pongs answers only the latest ping of a client that does not read", () => {
  const sent: number[] = [];
  const waiting: (() => void)[] = [];
  const pongs = new Pongs((data, done) => {
    sent.push(data[0]!);
    waiting.push(done);
  });
  for (let index = 0; index < 100; index += 1) pongs.answer(Uint8Array.of(index));
  expect(sent).toEqual(Array.from({ length: 16 }, (_, index) => index));
  waiting.shift()!();
  expect(sent.at(-1)).toBe(99);
  for (const done of waiting.splice(0)) done();
  pongs.answer(Uint8Array.of(100));
  expect(sent.at(-1)).toBe(100);
});
