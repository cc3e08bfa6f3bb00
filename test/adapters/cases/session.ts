import { createSessions, update } from "@galleta/session";
import { attachSocket } from "@galleta/session/adapter";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";
import { expectHeaders, headersArrived } from "../app.ts";
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
  {
    name: "HEAD and a prefetch leave a flash message to the request that shows it",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        const jar = new Jar();
        await ask("/flash", { jar });
        const headers = { "sec-purpose": "prefetch;prerender" };
        expect((await ask("/flashed", { jar, method: "HEAD" })).setCookie).toEqual([]);
        const ahead = await ask("/flashed", { jar, headers });
        expect({ body: ahead.body, setCookie: ahead.setCookie }).toEqual({
          body: '{"notice":"saved"}',
          setCookie: [],
        });
        expect((await ask("/flashed", { jar })).body).toBe('{"notice":"saved"}');
        expect((await ask("/flashed", { jar })).body).toBe('{"notice":null}');
      }),
  },
  {
    name: "a session has a text, as every object has",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        expect((await ask("/text")).body).toBe("[object Session]");
      }),
  },
  {
    name: "a late write throws ERR_SESSION_COMMITTED",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        for (const path of ["/late", "/late-first"]) {
          expectHeaders();
          const { body, setCookie } = await ask(path, { onHead: () => headersArrived.resolve() });
          expect({ body, setCookie }).toEqual({
            body: "begun ERR_SESSION_COMMITTED",
            setCookie: [],
          });
        }
      }),
  },
  {
    name: "what cannot be saved is a 500, and the server lives",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ ask }) => {
        for (const path of ["/huge", "/not-json", "/class", "/stream-huge"]) {
          const { status, setCookie } = await ask(path);
          expect({ path, status, setCookie }).toEqual({ path, status: 500, setCookie: [] });
        }
        // Express answers an error when the body has arrived, where no caller could catch another.
        for (const path of ["/throw-huge", "/throw-not-json"]) {
          const { status, setCookie } = await ask(path, { method: "POST", body: "unread" });
          expect({ path, status, setCookie }).toEqual({ path, status: 500, setCookie: [] });
        }
        expect((await ask("/untouched")).status).toBe(200);
      }),
  },
  {
    name: "exchange: any ticket that is none is a 400 with a code, and is not cached",
    async run(harness) {
      const sessions = createSessions(withEvents().options);
      await serve(harness, sessions, async ({ ask, origin }) => {
        for (const size of [0, 6, 20_000]) {
          const post = { method: "POST", headers: { origin }, body: "A".repeat(size) };
          const { status, headers, body } = await ask(sessions.exchangePath ?? "", post);
          expect({ size, status, body: JSON.parse(body) as object }).toMatchObject({
            size,
            status: 400,
            body: { code: "ERR_SESSION_TICKET_INVALID" },
          });
          expect(headers["cache-control"]).toBe("no-store");
          expect(headers["content-type"]).toMatch(/^application\/json/);
        }
      });
    },
  },
  {
    name: "update on a socket: the page exchanges its ticket",
    async run(harness) {
      const sessions = createSessions(withEvents().options);
      await serve(harness, sessions, async ({ ask, origin }) => {
        const jar = new Jar();
        await ask("/set?name=ana", { jar });
        // A socket of the same process, from any library.
        const context = sessions.open(jar.header);
        await context.commit();
        context.handshakeSent();
        attachSocket(context, { close: () => {} });
        const path = sessions.exchangePath ?? "";
        const headers = { origin };
        let status = 0;
        const deliver = async (body: string) => {
          const foreign = { origin: "https://evil.example" };
          expect((await ask(path, { method: "POST", headers: foreign, body })).status).toBe(403);
          ({ status } = await ask(path, { method: "POST", headers, body, jar }));
        };
        await update(context.session, (draft) => Object.assign(draft, { updated: true }), {
          deliver,
        });
        expect((await ask("/read", { jar })).body).toBe('{"name":"ana","updated":true}');
        expect(status).toBe(200);
        const refused = await ask(path, { method: "POST", headers, body: "no ticket", jar });
        expect(JSON.parse(refused.body)).toMatchObject({ code: "ERR_SESSION_TICKET_INVALID" });
      });
    },
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
