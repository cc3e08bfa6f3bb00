import { sessionStore } from "@galleta/session";
import { expect } from "vitest";
import { withEvents } from "../harness.ts";
import { opened, serveCase, type SocketCase } from "../socket-service.ts";
import { Jar } from "../wire.ts";

/** Handshakes, and sockets that follow their session. */
export const socketCases: readonly SocketCase[] = [
  {
    name: "socket: reads the session of HTTP, and gets no cookie for it",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open, get }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        const { talk, setCookie } = opened(await open("", { cookie: jar.header }));
        expect(await talk("read")).toBe('{"name":"ana"}');
        expect(setCookie).toEqual([]);
      }),
  },
  {
    name: "socket: a change in the handshake is a cookie of the 101",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open, get }) => {
        const { setCookie, talk } = opened(await open("set=yes"));
        expect(setCookie).toHaveLength(1);
        expect(await talk("read")).toBe('{"fromHandshake":"yes"}');
        const jar = new Jar();
        jar.take(setCookie);
        expect(await get("/read", jar)).toBe('{"fromHandshake":"yes"}');
      }),
  },
  {
    name: "socket: the table of Origins",
    run: (harness) =>
      serveCase(
        harness,
        withEvents({ trustedOrigins: ["https://friend.example"] }).options,
        async (of) => {
          const { open, origin } = of;
          const table: [Record<string, string>, string][] = [
            [{ origin }, "open"],
            [{}, "open"],
            [{ origin: "https://friend.example" }, "open"],
            [{ origin, "sec-fetch-site": "same-origin" }, "open"],
            [{ origin: "https://evil.example" }, "403 origin-foreign"],
            [{ origin: "null" }, "403 origin-null"],
            [{ origin, "sec-fetch-site": "cross-site" }, "403 sec-fetch-site"],
            [{ origin: `${origin}/` }, "403 origin-malformed"],
          ];
          for (const [headers, expected] of table) {
            const outcome = await open("set=1", headers);
            if ("talk" in outcome) {
              expect([headers, "open"]).toEqual([headers, expected]);
              continue;
            }
            const { rule } = JSON.parse(outcome.body) as { rule: string };
            expect([headers, `${outcome.status} ${rule}`]).toEqual([headers, expected]);
            expect(outcome.setCookie).toEqual([]);
          }
        },
      ),
  },
  {
    name: "socket: strict wants an Origin",
    run: (harness) =>
      serveCase(harness, withEvents({ csrf: "strict" }).options, async ({ open, origin }) => {
        expect(await open()).toMatchObject({ status: 403 });
        opened(await open("", { origin }));
      }),
  },
  {
    name: "socket: the app refuses the handshake",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open }) => {
        const outcome = await open("refuse=402&set=seen");
        expect(outcome).toMatchObject({ status: 402 });
        expect(outcome.setCookie).toHaveLength(1);
      }),
  },
  {
    name: "socket: what cannot be saved is an error, and the server lives",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open }) => {
        expect(await open("big=1")).toMatchObject({ status: 500, setCookie: [] });
        opened(await open());
      }),
  },
  {
    name: "socket: a tampered cookie is an empty session",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open }) => {
        const { talk } = opened(await open("", { cookie: `session=${"A".repeat(120)}` }));
        expect(await talk("read")).toBe("{}");
      }),
  },
  {
    name: "socket: a late write throws ERR_SESSION_HANDSHAKE_SENT",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open }) => {
        const { talk } = opened(await open("set=yes"));
        expect(await talk("write")).toBe("ERR_SESSION_HANDSHAKE_SENT");
        expect(await talk("read")).toBe('{"fromHandshake":"yes"}');
      }),
  },
  {
    name: "socket: sees what HTTP changes, and is closed when it ends the session",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open, get }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        const { talk, closed } = opened(await open("", { cookie: jar.header }));
        await get("/set?name=eva", jar);
        expect(await talk("read")).toBe('{"name":"eva"}');
        await get("/destroy", jar);
        const { code, reason } = await closed;
        expect(code).toBe(harness.closeCode ?? 1008);
        if (harness.closeCode === undefined) expect(reason).toBe("session ended");
      }),
  },
  {
    name: "socket: a store that is down fails the handshake, and nothing else",
    run: (harness) => {
      let isDown = false;
      const values = new Map<string, string>();
      const answers = async <T>(value: T): Promise<T> => {
        if (isDown) throw new Error("the store is down");
        return value;
      };
      const store = sessionStore({
        get: (key: string) => answers(values.get(key)),
        set: (key: string, value: string) => answers(values.set(key, value)),
        delete: (key: string) => answers(values.delete(key)),
      });
      return serveCase(harness, withEvents({ store }).options, async ({ open, get }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        isDown = true;
        expect(await open("", { cookie: jar.header })).toMatchObject({ status: 503 });
        isDown = false;
        const { talk } = opened(await open("", { cookie: jar.header }));
        expect(await talk("read")).toBe('{"name":"ana"}');
      });
    },
  },
  {
    name: "socket: concurrent handshakes keep apart",
    run: (harness) =>
      serveCase(harness, withEvents().options, async ({ open }) => {
        const all = await Promise.all(Array.from({ length: 10 }, (_, me) => open(`set=${me}`)));
        const read = await Promise.all(all.map((one) => opened(one).talk("read")));
        expect(read).toEqual(all.map((_, me) => JSON.stringify({ fromHandshake: String(me) })));
      }),
  },
];
