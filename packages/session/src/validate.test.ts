import { expect, it } from "vitest";
import {
  checkOption,
  checkOptionNames,
  filled,
  listOf,
  oneOf,
  readOptions,
  type Rules,
} from "./validate.ts";

const COLOUR = oneOf("red", "green", "blue", null);

it.each([
  ["bleu", 'colour must be "red", "green", "blue" or null. Did you mean "blue"? See'],
  ["RED", 'colour must be "red", "green", "blue" or null. Did you mean "red"? See'],
  // A secret in the wrong place is not repeated.
  ["correct horse battery staple", 'colour must be "red", "green", "blue" or null. See'],
  [7, 'colour must be "red", "green", "blue" or null. See'],
])("names the choices for %j, and the one that was meant", (value, message) => {
  expect(() => checkOption("colour", value, COLOUR)).toThrow(message);
});

it("names the index of a wrong entry, and the expected type", () => {
  expect(() => checkOption("colours", ["red", "grene"], listOf(COLOUR))).toThrow(
    'colours[1] is invalid: colours must be a list of "red", "green", "blue" or null. Did you mean "green"?',
  );
  // oxlint-disable-next-line no-sparse-arrays -- a hole is no entry
  expect(() => checkOption("colours", ["red", , "blue"], listOf(COLOUR))).toThrow("colours[1]");
});

it("accepts a list without entries only where it need not be filled", () => {
  expect(() => checkOption("colours", [], listOf(COLOUR))).not.toThrow();
  expect(() => checkOption("colours", [], filled(listOf(COLOUR)))).toThrow("with at least one");
  expect(() => checkOption("colours", [null], filled(listOf(COLOUR)))).not.toThrow();
});

it("throws the caller's own error", () => {
  const fail = (message: string) => new RangeError(message);
  const rules = { colour: [COLOUR, "red"] } as const;
  expect(() => readOptions({ colour: "pink" as never }, rules, {}, fail)).toThrow(RangeError);
  expect(() => checkOptionNames({ color: 1 }, ["colour"], "option", fail)).toThrow(
    new RangeError('There is no option "color". Did you mean colour?'),
  );
});

it("fills in defaults, and prefers those of the caller", () => {
  const rules: Rules<{ colour: string | null; shade?: number }> = {
    colour: [COLOUR, "red"],
    shade: [oneOf(1, 2)],
  };
  expect(readOptions({ colour: undefined }, rules)).toEqual({ colour: "red", shade: undefined });
  expect(readOptions({}, rules, { colour: "blue" })).toMatchObject({ colour: "blue" });
  expect(readOptions({ colour: null }, rules, { colour: "blue" })).toMatchObject({ colour: null });
});
