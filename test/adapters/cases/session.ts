import { createSessions } from "@galleta/session";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { serve, withEvents } from "../harness.ts";
import { Jar } from "../wire.ts";

/** The session over several requests. */
export const sessionCases: readonly Case[] = [
  {
    name: "untouched: no cookie, no Vary",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { status, setCookie, headers, body } = await ask("/untouched");
        expect({ status, setCookie, body }).toEqual({
          status: 200,
          setCookie: [],
          body: "untouched",
        });
        expect(headers.vary ?? "").not.toMatch(/cookie/i);
      }),
  },
  {
    name: "read only: Vary, no cookie",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const { setCookie, headers, body } = await ask("/read");
        expect({ setCookie, body }).toEqual({ setCookie: [], body: "{}" });
        expect(headers.vary).toMatch(/cookie/i);
        expect(headers["cache-control"]).toBeUndefined();
      }),
  },
  {
    name: "a change comes back with the next request",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jar = new Jar();
        const { setCookie, headers } = await ask("/set?name=ana", { jar });
        expect(setCookie).toHaveLength(1);
        expect(setCookie[0]).toMatch(/^session=[\w-]+; .*HttpOnly/i);
        expect(headers["cache-control"]).toBe("private, no-store");
        const again = await ask("/read", { jar });
        expect(JSON.parse(again.body)).toEqual({ name: "ana" });
        expect(again.setCookie).toEqual([]);
      }),
  },
  {
    name: "a nested change is found",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jar = new Jar();
        expect((await ask("/nested", { jar })).body).toBe("[0]");
        expect((await ask("/nested", { jar })).body).toBe("[0,1]");
        expect((await ask("/nested", { jar })).body).toBe("[0,1,2]");
      }),
  },
  {
    name: "assigning replaces the data, null ends the session",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        expect((await ask("/replace", { jar })).body).toBe('{"only":"this"}');
        expect((await ask("/read", { jar })).body).toBe('{"only":"this"}');
        const { setCookie } = await ask("/null", { jar });
        expect(setCookie).toHaveLength(1);
        expect(setCookie[0]).toMatch(/^session=; .*Max-Age=0/i);
        expect((await ask("/read", { jar })).body).toBe("{}");
      }),
  },
  {
    name: "a lifetime of its own: Max-Age, or none until the browser closes",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jar = new Jar();
        const { setCookie } = await ask("/remember?seconds=5184000", { jar });
        expect(setCookie[0]).toMatch(/; Max-Age=5184000;/i);
        expect((await ask("/renew", { jar })).setCookie[0]).toMatch(/; Max-Age=5184000;/i);
        const brief = await ask("/remember", { jar });
        expect(brief.setCookie).toHaveLength(1);
        expect(brief.setCookie[0]).not.toMatch(/max-age|expires/i);
        expect((await ask("/read", { jar })).body).toBe('{"in":true}');
      }),
  },
  {
    name: "renew and destroy",
    run: (harness) => {
      const { options, events } = withEvents();
      return serve(harness, options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        expect((await ask("/renew", { jar })).setCookie).toHaveLength(1);
        expect((await ask("/read", { jar })).body).toBe('{"name":"ana"}');
        await ask("/destroy", { jar });
        expect(jar.names).toEqual([]);
        expect(events.map(({ type }) => type)).toEqual(["created", "renewed", "destroyed"]);
      });
    },
  },
  {
    name: "tampered: an empty session and an event",
    run: (harness) => {
      const { options, events } = withEvents();
      return serve(harness, options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        const token = jar.get("session")!;
        const other = token.at(-1) === "A" ? "B" : "A";
        for (const bad of [
          `${token.slice(0, -1)}${other}`,
          token.slice(0, 40),
          "%",
          "x".repeat(3000),
        ]) {
          const { status, body } = await ask("/read", { headers: { cookie: `session=${bad}` } });
          expect({ status, body }).toEqual({ status: 200, body: "{}" });
        }
        expect(events.filter(({ type }) => type === "rejected")).toHaveLength(4);
      });
    },
  },
  {
    name: "a session has a text, as every object has",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        expect((await ask("/text")).body).toBe("[object Session]");
      }),
  },
  {
    name: "shared sessions: one cookie for two servers",
    run: (harness) => {
      const sessions = createSessions(withEvents().options);
      return serve(harness, sessions, (one) =>
        serve(harness, sessions, async (two) => {
          const jar = new Jar();
          await one.ask("/set?name=ana", { jar });
          expect((await two.ask("/read", { jar })).body).toBe('{"name":"ana"}');
        }),
      );
    },
  },
];
