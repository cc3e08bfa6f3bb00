import { readFileSync } from "node:fs";
import fc from "fast-check";
import type {
  CookieSource,
  FormatCookie,
  JsonObject,
} from "../../packages/session/src/session/format.ts";

/** Reads test vectors, recorded from the real library, from test/vectors. */
export function vectors<Facts>(name: string): Facts {
  const file = new URL(`../vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Facts;
}

/** Makes the cookies of a request. */
export function cookieSource(cookies: Readonly<Record<string, string>>): CookieSource {
  return { get: (name) => (Object.hasOwn(cookies, name) ? cookies[name] : undefined) };
}

/** Makes the cookies that a browser sends back after a format wrote them. */
export function sentBack(written: readonly FormatCookie[]): CookieSource {
  return cookieSource(Object.fromEntries(written.map(({ name, value }) => [name, value])));
}

/**
 * Returns variants of a text. Each character is replaced (by its neighbour in the code, one of the
 * same class, and one outside the encoding) and removed. One character is also added at the start,
 * in the middle and at the end.
 */
export function* tampered(text: string): Generator<string> {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const others = [String.fromCharCode(code ^ 1), text[i] === "A" ? "B" : "A", "=", "*", ".", " "];
    for (const other of new Set(others)) {
      if (other !== text[i]) yield text.slice(0, i) + other + text.slice(i + 1);
    }
    yield text.slice(0, i) + text.slice(i + 1);
  }
  for (const more of ["A", "=", ".", "~", " "]) {
    for (const at of [0, text.length >> 1, text.length]) {
      yield text.slice(0, at) + more + text.slice(at);
    }
  }
}

/** Makes sessions like those of apps: any JSON object, with text in every script. */
export function sessions(): fc.Arbitrary<JsonObject> {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const { value } = fc.letrec<{ value: JsonObject[string] }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(text, tie("value"), { maxKeys: 4 }).map(plain),
    ),
  }));
  return fc.dictionary(text, value, { maxKeys: 6 }).map(plain);
}

// fast-check's objects may lack a prototype, and toEqual tells the difference.
const plain = (object: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== "__proto__")) as JsonObject;
