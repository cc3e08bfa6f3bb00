import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import { Secret } from "./secret.ts";

const VALUE = "correct horse battery staple";
const MASK = "**********";
const secret = new Secret(VALUE);

describe("a Secret", () => {
  it("is revealed by one call", () => {
    expect(secret.reveal()).toBe(VALUE);
    expect(new Secret("").reveal()).toBe("");
  });

  it.each<[string, () => string]>([
    ["String()", () => String(secret)],
    ["a template", () => `${secret}`],
    ["toString()", () => secret.toString()],
    ["toJSON()", () => secret.toJSON()],
    ["concatenation", () => "" + (secret as unknown as string)],
    ["join", () => [secret].join()],
    ["an error's message", () => new Error(String(secret)).message],
    ["a name of a key", () => Object.keys({ [String(secret)]: 1 })[0] ?? ""],
  ])("shows a mask as %s", (_, show) => {
    expect(show()).toBe(MASK);
  });

  it.each<[string, () => string]>([
    ["JSON", () => JSON.stringify({ a: [secret] }, undefined, 2)],
    ["inspect", () => inspect(secret)],
    ["inspect of what holds it", () => inspect({ a: { b: [secret] } }, { depth: 9 })],
    [
      "inspect with all there is",
      () => inspect({ a: secret }, { showHidden: true, showProxy: true, getters: true, depth: 9 }),
    ],
    [
      "inspect without the custom one",
      () => inspect(secret, { customInspect: false, showHidden: true, depth: 9 }),
    ],
    ["inspect of its class", () => inspect(Secret, { showHidden: true, depth: 9 })],
    ["format", () => format("%s %o %O %j %d", secret, secret, secret, secret, secret)],
    ["console's table of it", () => inspect(new Map([[secret, new Set([secret])]]), { depth: 9 })],
    ["a clone", () => inspect(structuredClone({ a: secret }), { showHidden: true, depth: 9 })],
    ["v8.serialize", () => serialize({ a: secret }).toString("latin1")],
    ["keys", () => Reflect.ownKeys(secret).map(String).join()],
    [
      "values",
      () => JSON.stringify([Object.entries(secret), { ...secret }, Object.assign({}, secret)]),
    ],
    [
      "an error that carries it",
      () => inspect(new Error("x", { cause: { secret } }), { showHidden: true }),
    ],
    [
      "a failing assertion",
      () => {
        try {
          expect({ secret }).toEqual({ secret: "other" });
        } catch (error) {
          return inspect(error, { showHidden: true, depth: 9 });
        }
        return "";
      },
    ],
  ])("is not in %s", (_, show) => {
    expect(show()).not.toContain(VALUE);
  });

  it("is hidden in Deno's output", () => {
    const show: unknown = Reflect.get(secret, Symbol.for("Deno.customInspect"));
    expect((show as () => string).call(secret)).toBe(`Secret(${MASK})`);
  });

  it("needs a value", () => {
    expect(Object.keys(secret)).toEqual([]);
    expect(Number(secret)).toBeNaN();
    expect(() => Object.assign(Object.create(Secret.prototype), {}).reveal()).toThrow(TypeError);
  });

  it.each([undefined, null, 1, {}, ["text"], Object("text"), secret])(
    "cannot be made of %o",
    (value) => {
      expect(() => new Secret(value as unknown as string)).toThrow(
        new TypeError("A Secret needs a string."),
      );
    },
  );
});
