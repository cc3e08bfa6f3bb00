import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitOf, KEY, start, valueOf, visit } from "@galleta/test-support/sessions";
import { starlette } from "../formats/starlette.ts";

const configurations: [string, Parameters<typeof start>[0]][] = [
  ["signed", {}],
  ["encrypted", { encrypt: true }],
  ["both", { accept: ["signed", "encrypted"] }],
  ["chunks", { chunks: true }],
  ["hardened", { hardened: true }],
  ["a foreign format", { formats: [starlette({ secretKey: KEY })] }],
  ["a foreign cookie that is kept", { writeAs: starlette({ secretKey: KEY }) }],
];

describe.each(configurations)("%s", (_, options) => {
  const { sessions } = start(options);
  const name = sessions.cookieName;
  const { cookie } = visit(start(options).sessions, "", (session) => (session["user"] = "alice"));
  const token = valueOf(cookie);

  // Any text; tokens cut and joined; several cookies of our names.
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(...'AUwREQ_-=.;% \t"'), maxLength: 200 }),
    fc
      .tuple(fc.nat(token.length), fc.nat(token.length), fc.string({ maxLength: 3 }))
      .map(([from, to, middle]) => token.slice(0, from) + middle + token.slice(to)),
  );
  const header = fc
    .array(fc.tuple(fc.constantFrom(name, `${name}.1`, `${name}.2`, "other", ""), text), {
      maxLength: 4,
    })
    .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join("; "));

  it("no header makes a session throw, or accepts a token that was not issued", () => {
    fc.assert(
      fc.property(fc.oneof(header, text), (given) => {
        const context = sessions.open(given);
        const data = JSON.stringify(context.session);
        if (data !== "{}") {
          // If the whole token came before, this process knows its newest revision.
          expect(data).toMatch(/^\{"user":"alice"(?:,"n":1)?\}$/);
          expect(given).toContain(token);
        }
        context.session["n"] = 1;
        expect(commitOf(context).setCookie.length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  it("the issued one is accepted", () => {
    expect(sessions.open(cookie).session["user"]).toBe("alice");
  });
});
