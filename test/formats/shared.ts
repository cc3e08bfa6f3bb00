import fc from "fast-check";
import { expect } from "vitest";
import type { JsonObject, SessionFormat } from "../../packages/session/src/session/format.ts";
import { writeForeignObject } from "../../packages/session/src/formats/json-write.ts";
import type { NumberStyle } from "../../packages/session/src/formats/numbers.ts";
import { sessions } from "../support/formats.ts";
import { Jar } from "../adapters/wire.ts";
import { ask, type Neighbour } from "./neighbour.ts";

/** A neighbour and what its cookies are like. */
export interface Shared {
  readonly theirs: Neighbour;
  readonly ours: Neighbour;
  readonly format: SessionFormat;
  readonly numbers: NumberStyle;
  /** The longest cookie that both sides accept, name and value. Default: the browsers' limit. */
  readonly limit?: number;
  /** Returns the data that must match: Rails adds its own id. */
  readonly dataOf?: (session: JsonObject) => JsonObject;
}

const size = (format: SessionFormat, session: JsonObject) =>
  Math.max(
    ...format
      .write(session, 1_800_000_000, 1_209_600)
      .map(({ name, value }) => name.length + value.length),
  );

/** As many of these characters as the cookie can hold. */
function full(format: SessionFormat, limit: number, alphabet: readonly string[]): JsonObject {
  const random = fc.sample(fc.constantFrom(...alphabet), { numRuns: 6000, seed: 7 });
  const first = (count: number) => ({ full: random.slice(0, count).join("") });
  let [fits, tooMany] = [0, random.length];
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (size(format, first(middle)) <= limit) fits = middle;
    else tooMany = middle;
  }
  return first(fits);
}

// JSON.stringify loses -0, also in the bodies of these tests.
const withoutNegativeZero = (session: JsonObject): JsonObject =>
  JSON.parse(JSON.stringify(session)) as JsonObject;

/**
 * 200 sessions: empty, at the limit of the cookie's size, and any.
 *
 * @param spelling how many times longer the writer may spell a text than we do: Python escapes what
 * is not ASCII and puts spaces after commas
 */
export function manySessions(
  { format, limit = 4096 }: Pick<Shared, "format" | "limit">,
  spelling = 1,
): JsonObject[] {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"];
  const special: JsonObject[] = [
    {},
    { "": "" },
    { user: "alice", n: 1, u: "\u00e9\u2603", nested: { list: [[], {}, null, true, 1.5] } },
    { quotes: "\"'\\/;, \t\n\r\u007f\u0000<script>&amp;\u2028" },
    full(format, limit - (spelling - 1) * 16, letters),
    full(format, limit / spelling, ["\u00e9", "\u2603", "\u{1f600}"]),
  ];
  const random = fc
    .sample(sessions(), { numRuns: 400, seed: 11 })
    .map(withoutNegativeZero)
    .filter(
      (session) => Object.keys(session).length > 0 && size(format, session) <= limit / spelling,
    );
  return [...special, ...random.slice(0, 200 - special.length)];
}

/** The session in the other framework's own JSON: JSON.stringify would write 1e20 as an integer. */
export const jsonOf = (session: JsonObject, numbers: NumberStyle) =>
  writeForeignObject(session, { numbers });

const parse = (text: string) => withoutNegativeZero(JSON.parse(text) as JsonObject);

/** The other framework writes, and we read. */
export async function expectWeReadTheirs(shared: Shared): Promise<void> {
  const { theirs, ours, numbers, dataOf = same } = shared;
  const jar = new Jar();
  for (const session of manySessions(shared, 3)) {
    await ask(theirs, jar, "PUT", "/session", jsonOf(session, numbers));
    const read = await ask(ours, jar, "GET", "/session");
    expect(dataOf(parse(read))).toEqual(dataOf(session));
  }
}

/** We write, and the other framework reads. */
export async function expectTheyReadOurs(shared: Shared): Promise<void> {
  const { theirs, ours, dataOf = same } = shared;
  const jar = new Jar();
  for (const session of manySessions(shared)) {
    await ask(ours, jar, "PUT", "/session", JSON.stringify(session));
    const read = await ask(theirs, jar, "GET", "/session");
    expect(dataOf(parse(read))).toEqual(dataOf(session));
  }
}

/** Both change one session in turn, and each sees the other's changes. */
export async function expectOneSession(shared: Shared): Promise<void> {
  const { theirs, ours, dataOf = same } = shared;
  const jar = new Jar();
  let expected: JsonObject = {};
  for (let turn = 0; turn < 20; turn += 1) {
    const [writer, reader] = turn % 2 === 0 ? [theirs, ours] : [ours, theirs];
    expected = { ...expected, [`turn ${turn}`]: turn, last: turn };
    await ask(writer, jar, "PUT", "/session", JSON.stringify(expected));
    expect(dataOf(parse(await ask(reader, jar, "GET", "/session")))).toEqual(expected);
  }
}

const same = (session: JsonObject) => session;
