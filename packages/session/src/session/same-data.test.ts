// Every reader gets the same data: the process that wrote it, from its caches, another process from
// the cookie, and a store.
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEY, nextCookie } from "@galleta/test-support/sessions";
import type { SessionError } from "../errors.ts";
import { cookieSession } from "../formats/cookie-session.ts";
import { ironSession } from "../formats/iron-session.ts";
import { starlette } from "../formats/starlette.ts";
import type { Sessions } from "../engine.ts";
import { createSessions, type CreateSessionsOptions } from "../sessions.ts";
import { memoryStore } from "../store/memory.ts";
import type { JsonObject } from "./format.ts";

const PLACES: Record<string, () => Partial<CreateSessionsOptions>> = {
  "a signed cookie": () => ({}),
  "an encrypted cookie": () => ({ encrypt: true }),
  "several cookies": () => ({ chunks: 16_384 }),
  "a cookie and a store": () => ({ store: memoryStore() }),
  "a store": () => ({ store: memoryStore(), storage: "store" }),
  "a cookie of Starlette": () => ({ writeAs: starlette({ secretKey: KEY }) }),
  "a cookie of cookie-session": () => ({ writeAs: cookieSession({ secretKey: KEY }) }),
  "a cookie of iron-session": () => ({
    writeAs: ironSession({ secretKey: KEY, sessionCookie: "iron" }),
  }),
};

const open = (place: string) => {
  const onEvent = () => {};
  return createSessions<JsonObject>({ secretKey: KEY, onEvent, ...PLACES[place]!() });
};

const name = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 6 }) },
  fc.constantFrom("__proto__", "constructor", "hasOwnProperty", "toJSON", "length", "", "0", "01"),
);
/** Any UTF-16, with surrogates that stand alone. */
const text = fc
  .array(fc.nat(0xffff), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));
const numbers = [-0, 0, 2 ** 53, 1e21, 5e-324, -1e-7, Number.NaN, Infinity, -Infinity];
const leaf = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.date(),
  fc.constantFrom(null, undefined, ...numbers),
);

/** Assigning `__proto__` would set a prototype. */
function objectOf(entries: readonly (readonly [string, unknown])[]): JsonObject {
  const object = {};
  for (const [key, value] of entries) {
    const own = { configurable: true, enumerable: true, writable: true };
    Object.defineProperty(object, key, { ...own, value });
  }
  return object;
}

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    { weight: 3, arbitrary: leaf },
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("value"), { maxLength: 4 }),
  object: fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map(objectOf as never),
}));
const data = fc.array(fc.tuple(name, value), { maxLength: 4 }).map(objectOf);

/** What JSON keeps, as the documentation says. */
function asJson(given: object): unknown {
  const drop = (key: string, each: unknown) => (key === "__proto__" ? undefined : each);
  return JSON.parse(JSON.stringify(given), drop);
}

/** Writes data into a session. Returns the next cookie, or the code of the error at the commit. */
async function write(sessions: Sessions<JsonObject>, cookie: string, given: JsonObject) {
  const context = sessions.open(cookie);
  await context.load();
  for (const key of Object.keys(context.session)) delete context.session[key];
  for (const key of Object.keys(given)) context.session[key] = given[key];
  try {
    const { setCookie } = await context.commit();
    return { cookie: nextCookie(cookie, setCookie) };
  } catch (error) {
    return { cookie, code: (error as SessionError).code };
  }
}

async function read(sessions: Sessions<JsonObject>, cookie: string): Promise<object> {
  const context = sessions.open(cookie);
  await context.load();
  return { ...context.session };
}

describe.each(Object.keys(PLACES))("data in %s", (place) => {
  it("is the same for every reader, or throws at the commit", { timeout: 60_000 }, async () => {
    const [writer, plain, other] = [place, "a signed cookie", place].map(open);
    const check = async (given: JsonObject, before: string): Promise<string> => {
      const { cookie, code } = await write(writer!, before, given);
      const { code: plainCode } = await write(plain!, "", given);
      if (code !== undefined) {
        // The cookie of another library may carry less than ours.
        expect([plainCode, "ERR_SESSION_FORMAT"]).toContain(code);
        return before;
      }
      expect(plainCode).toBeUndefined();
      // The first two reads come from different caches. A memory store is not shared.
      const readers = place.endsWith("store") ? [writer, writer] : [writer, writer, other];
      for (const reader of readers) {
        const found = await read(reader!, cookie);
        // It tells -0 from 0. toStrictEqual does too, but compares a key named "constructor".
        if (!isDeepStrictEqual(found, asJson(given))) expect(found).toBe(asJson(given));
      }
      return cookie;
    };
    await fc.assert(
      fc.asyncProperty(data, data, async (first, second) => {
        await check(second, await check(first, ""));
      }),
      { numRuns: 80, interruptAfterTimeLimit: 30_000 },
    );
  });
});
