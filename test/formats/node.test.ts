import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cookieSession } from "../../packages/session/src/formats/cookie-session.ts";
import { ironSession } from "../../packages/session/src/formats/iron-session.ts";
import { startCookieSession, startIronSession } from "./express.ts";
import { Jar } from "../adapters/wire.ts";
import { ask } from "./neighbour.ts";
import { startOurs } from "./ours.ts";
import { expectOneSession, expectTheyReadOurs, expectWeReadTheirs, type Shared } from "./shared.ts";

const secretKey = "the key of another service in Node.js, of more than 32 characters";
const sessionCookie = "iron";
const neighbours = [
  {
    name: "cookie-session on Express",
    format: cookieSession({ secretKey }),
    limit: 4096,
    start: () => startCookieSession([secretKey]),
  },
  {
    name: "iron-session 8",
    format: ironSession({ secretKey, sessionCookie }),
    // iron-session counts the attributes of its Set-Cookie too.
    limit: 4000,
    start: () => startIronSession(8, sessionCookie, secretKey),
  },
  {
    name: "iron-session 9",
    format: ironSession({ secretKey, sessionCookie }),
    limit: 4000,
    start: () => startIronSession(9, sessionCookie, secretKey),
  },
];

describe.each(neighbours)("$name beside us, one cookie jar", ({ format, limit, start }) => {
  let shared: Shared;
  beforeAll(async () => {
    const [theirs, ours] = await Promise.all([start(), startOurs({ writeAs: format })]);
    shared = { theirs, ours, format, limit, numbers: "js" };
  });
  afterAll(async () => {
    await Promise.all([shared?.theirs.close(), shared?.ours.close()]);
  });

  it("writes 200 sessions that we read", () => expectWeReadTheirs(shared));
  it("reads 200 sessions that we write", () => expectTheyReadOurs(shared));
  it("takes turns with us in changing one session", () => expectOneSession(shared));

  it("ends the session for both on either side, and starts the same one again", async () => {
    const jar = new Jar();
    const { theirs, ours } = shared;
    for (const [writer, ender] of [
      [ours, theirs],
      [theirs, ours],
      [ours, ours],
      [ours, theirs],
    ] as const) {
      await ask(writer, jar, "PUT", "/session", '{"user":"alice"}');
      expect(jar.names).toEqual([...format.cookieNames]);
      expect(await ask(ours, jar, "GET", "/session")).toBe('{"user":"alice"}');
      await ask(ender, jar, "PUT", "/session", "{}");
      expect(jar.names).toEqual([]);
    }
  });
});

describe("iron-session 9 with chunks", () => {
  it("is moved to our own chunks", async () => {
    const format = ironSession({ secretKey, sessionCookie, chunk: true });
    const [theirs, ours] = await Promise.all([
      startIronSession(9, sessionCookie, secretKey, { chunk: true }),
      startOurs({ sessionCookie, formats: [format], chunks: 16_384 }),
    ]);
    try {
      const jar = new Jar();
      const session = JSON.stringify({ long: "x".repeat(6000) });
      await ask(theirs, jar, "PUT", "/session", session);
      expect(jar.names).toEqual(["iron.0", "iron.1", "iron.2"]);
      expect(await ask(ours, jar, "GET", "/session")).toBe(session);
      expect(jar.get(sessionCookie)).toMatch(/^Uw/);
      expect(await ask(ours, jar, "GET", "/session")).toBe(session);
      await ask(ours, jar, "PUT", "/session", "{}");
      expect(jar.names).toEqual([]);
    } finally {
      await Promise.all([theirs.close(), ours.close()]);
    }
  });
});
