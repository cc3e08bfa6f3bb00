import { createSessions, csrfToken, memoryStore, type SessionOptions } from "@galleta/session";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { asked } from "../app.ts";
import { SECRET, serve, withEvents, type Service } from "../harness.ts";
import { ask, Jar } from "../wire.ts";

const prefs = (more: Partial<SessionOptions> = {}): SessionOptions => ({
  property: "prefs",
  secretKey: `${SECRET} of the preferences`,
  onEvent: () => {},
  ...more,
});

/** The options of a second session that cannot be together with the first, as set-up or the first request says. */
const refused = async (
  harness: Parameters<Case["run"]>[0],
  first: Partial<SessionOptions>,
  second: SessionOptions,
) => {
  let running;
  try {
    const [one, two] = [withEvents(first).options, second].map((each) => createSessions(each));
    running = await harness.start(one!, two);
  } catch (error) {
    return { status: 500, setCookie: [], body: (error as { code: string }).code };
  }
  const { status, setCookie, body } = await (harness.ask ?? ask)(running.origin, "/both?a=1");
  await running.close();
  return { status, setCookie, body };
};
const OPTION_ERROR = { status: 500, setCookie: [], body: "ERR_SESSION_OPTION" };

/** Two sessions in one request, by the option `property`. */
export const severalCases: readonly Case[] = [
  {
    name: "two sessions: each has its cookie and its options",
    run: (harness) =>
      serve(
        harness,
        withEvents({ maxAge: 600 }).options,
        async ({ ask }) => {
          const jar = new Jar();
          const { setCookie, headers, body } = await ask("/both?name=ana", { jar });
          expect(body).toBe('[{"name":"ana"},{"name":"ana"}]');
          expect(setCookie.toSorted()).toEqual([
            expect.stringMatching(/^prefs=[\w-]+; .*Max-Age=31536000/),
            expect.stringMatching(/^session=[\w-]+; .*Max-Age=600/),
          ]);
          expect(headers.vary).toMatch(/^(?:accept-encoding, )?cookie$/i);
          expect(headers["cache-control"]).toBe("private, no-store");
          expect((await ask("/both-read", { jar })).body).toBe(body);
        },
        prefs({ maxAge: 365 * 86_400, encrypt: true }),
      ),
  },
  {
    name: "two sessions: one that was left alone owes nothing",
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ ask }) => {
          const jar = new Jar();
          const own = await ask("/prefs?theme=dark", { jar });
          expect(own.setCookie).toEqual([expect.stringMatching(/^prefs=/)]);
          const first = await ask("/set?name=ana", { jar });
          expect(first.setCookie).toEqual([expect.stringMatching(/^session=/)]);
          expect((await ask("/untouched", { jar })).headers.vary ?? "").not.toMatch(/cookie/i);
          const both = await ask("/both-read", { jar });
          expect(both.body).toBe('[{"name":"ana"},{"theme":"dark"}]');
        },
        prefs(),
      ),
  },
  {
    name: "two sessions: to end one leaves the other",
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ ask }) => {
          const jar = new Jar();
          await ask("/both?name=ana", { jar });
          const { setCookie } = await ask("/prefs-end", { jar });
          expect(setCookie).toEqual([expect.stringMatching(/^prefs=;/)]);
          expect((await ask("/both-read", { jar })).body).toBe('[{"name":"ana"},{}]');
          await ask("/prefs?theme=dark", { jar });
          await ask("/null", { jar });
          expect((await ask("/both-read", { jar })).body).toBe('[{},{"theme":"dark"}]');
        },
        prefs(),
      ),
  },
  {
    name: "two sessions: the cookie of one is no cookie of the other",
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ ask }) => {
          const jar = new Jar();
          await ask("/set?role=user", { jar });
          const moved = `prefs=${jar.get("session")}`;
          const { body } = await ask("/both-read", { headers: { cookie: moved } });
          expect(body).toBe("[{},{}]");
        },
        // With the same key: the name of the cookie is part of what is signed.
        prefs({ secretKey: SECRET }),
      ),
  },
  {
    name: "two sessions: one that cannot be saved fails the response, and the other is saved",
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ ask }) => {
          const { status, setCookie } = await ask("/prefs-huge");
          expect(status).toBe(500);
          expect(setCookie).toEqual([expect.stringMatching(/^session=/)]);
        },
        prefs(),
      ),
  },
  {
    name: "two sessions: one in a store, one in its cookie",
    run: (harness) =>
      serve(
        harness,
        withEvents({ store: memoryStore(), storage: "store" }).options,
        async ({ ask }) => {
          const jar = new Jar();
          await ask("/both?name=ana", { jar });
          const copy = jar.header;
          expect((await ask("/both-read", { jar })).body).toBe('[{"name":"ana"},{"name":"ana"}]');
          await ask("/null", { jar });
          const { body } = await ask("/both-read", { headers: { cookie: copy } });
          expect(body).toBe('[{},{"name":"ana"}]');
        },
        prefs(),
      ),
  },
  {
    name: "two sessions: csrf strict takes the token of the first for both",
    async run(harness) {
      const first = createSessions({ ...withEvents({ csrf: "strict" }).options });
      const second = createSessions(prefs({ csrf: "strict" }));
      const token = async (sessions: typeof first, cookie: string) => {
        const context = sessions.open(cookie);
        await context.load();
        return csrfToken(context.session);
      };
      await serve(
        harness,
        first,
        async ({ ask }) => {
          const jar = new Jar();
          await ask("/both?name=ana", { jar });
          const post = async (headers: Record<string, string>) =>
            (await ask("/echo", { method: "POST", headers, body: "x", jar })).status;
          expect(await post({})).toBe(403);
          expect(await post({ "x-csrf-token": await token(second, jar.header) })).toBe(403);
          expect(await post({ "x-csrf-token": await token(first, jar.header) })).toBe(200);
        },
        second,
      );
    },
  },
  {
    name: "two sessions: tickets are exchanged at an address of each",
    run: (harness) =>
      serve(
        harness,
        createSessions(withEvents().options),
        async ({ ask }) => {
          for (const path of ["/.galleta/session", "/.galleta/session/prefs"]) {
            const { body } = await ask(path, { method: "POST", body: "no ticket" });
            expect(JSON.parse(body)).toMatchObject({ code: "ERR_SESSION_TICKET_INVALID" });
          }
        },
        createSessions(prefs()),
      ),
  },
  {
    name: "sessions.of() finds the session of its own sessions in what a handler gets",
    async run(harness) {
      const [first, second] = [createSessions(withEvents().options), createSessions(prefs())];
      const test = async ({ ask }: Service) => {
        asked.sessions = [first, second];
        expect((await ask("/of")).body).toBe("[true,true]");
        asked.sessions = [createSessions(withEvents().options), second];
        expect(await ask("/of")).toMatchObject({ status: 500, body: "ERR_SESSION_SETUP" });
      };
      await serve(harness, first, test, second);
    },
  },
  {
    name: "two sessions with one cookie: a coded error",
    run: async (harness) =>
      expect(await refused(harness, {}, prefs({ sessionCookie: "session" }))).toEqual(OPTION_ERROR),
  },
  {
    name: "two sessions whose cookies could be taken for each other: a coded error",
    run: async (harness) =>
      expect(
        await refused(harness, { chunks: true }, prefs({ sessionCookie: "session.1" })),
      ).toEqual(OPTION_ERROR),
  },
  {
    name: "two sessions with one exchangePath: a coded error",
    run: async (harness) =>
      expect(await refused(harness, {}, prefs({ exchangePath: "/.galleta/session" }))).toEqual(
        OPTION_ERROR,
      ),
  },
];
