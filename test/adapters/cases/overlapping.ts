import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";

/** Requests at the same time, late ones, and two cookies of one session. */
export const overlappingCases: readonly Case[] = [
  {
    name: "concurrent requests keep apart",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jars = Array.from({ length: 20 }, () => new Jar());
        await Promise.all(jars.map((jar, index) => ask(`/set?me=${index}`, { jar })));
        const answers = await Promise.all(jars.map((jar) => ask("/read", { jar })));
        expect(answers.map(({ body }) => JSON.parse(body))).toEqual(
          jars.map((_, index) => ({ me: String(index) })),
        );
      }),
  },
  {
    name: "concurrent changes of one session both survive",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?start=1", { jar });
        const cookie = jar.header;
        const [first, second] = await Promise.all([
          ask("/set?a=1", { headers: { cookie } }),
          ask("/set?b=2", { headers: { cookie } }),
        ]);
        const merged = await Promise.all(
          [first, second].map(async ({ setCookie }) => {
            const after = new Jar();
            after.take(setCookie);
            return JSON.parse((await ask("/read", { jar: after })).body) as object;
          }),
        );
        expect(merged).toContainEqual({ start: "1", a: "1", b: "2" });
      }),
  },
  {
    name: "a write that arrives after the renewal or the logout sets no cookie over the new login",
    run: (harness) => {
      const { options, events } = withEvents();
      return serve(harness, options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?user=ana", { jar });
        const late = { headers: { cookie: jar.header } };
        await ask("/login", { jar });
        expect((await ask("/set?seen=1", late)).setCookie).toEqual([]);
        expect(events.at(-1)).toMatchObject({ type: "dropped", reason: "late", keys: ["seen"] });
        expect(JSON.parse((await ask("/read", { jar })).body)).toEqual({ user: "ana", in: true });
        const ended = { headers: { cookie: jar.header } };
        await ask("/destroy", { jar });
        expect((await ask("/set?seen=1", ended)).setCookie).toEqual([]);
        // Logging in starts a new session, even after an end.
        expect((await ask("/login", ended)).setCookie).toHaveLength(1);
      });
    },
  },
  {
    name: "after a change of the cookie's attributes the newer session wins, and a logout ends both",
    run: (harness) =>
      serve(harness, withEvents({ domain: "localhost" }).options, async ({ ask: before }) => {
        const { options, events } = withEvents({ formerly: [{ domain: "localhost" }] });
        await serve(harness, options, async ({ ask }) => {
          const [old, now] = [new Jar(), new Jar()];
          await before("/set?user=ana", { jar: old });
          await ask("/set?user=eva", { jar: now });
          const headers = { cookie: `${old.header}; ${now.header}` };
          expect((await ask("/read", { headers })).body).toMatch(/"user":"(?:ana|eva)"/);
          const { setCookie } = await ask("/destroy", { headers });
          const gone = setCookie.map((line) => line.replace(/; (?:Max-Age|Expires)=[^;]*/gi, ""));
          expect(gone.toSorted()).toEqual([
            "session=; Path=/; Domain=localhost; HttpOnly; SameSite=Lax",
            "session=; Path=/; HttpOnly; SameSite=Lax",
          ]);
          expect((await ask("/read", { jar: old })).body).toBe("{}");
          expect((await ask("/read", { jar: now })).body).toBe("{}");
          expect(events.map(({ type }) => type)).not.toContain("rejected");
        });
      }),
  },
];
