import { sessionStore } from "@galleta/session";
import { expect, vi } from "vitest";
import { memoryStore } from "../../../packages/session/src/store/memory.ts";
import { withEvents } from "../harness.ts";
import {
  connect,
  page,
  serveSockets,
  type Connected,
  type Refused,
  type SocketHarness,
} from "../socket-harness.ts";
import { ask, Jar } from "../wire.ts";

/** Options of a second session. */
const PREFS = {
  property: "prefs",
  secretKey: "a secret key of the preferences, long enough",
  onEvent: () => {},
};

type Open = (
  query?: string,
  headers?: Record<string, string>,
  protocols?: string[],
) => Promise<Connected | Refused>;

interface Service {
  readonly open: Open;
  readonly get: (path: string, jar: Jar) => Promise<string>;
  readonly origin: string;
}

async function serve(
  harness: SocketHarness,
  options: Parameters<typeof serveSockets>[1],
  test: (service: Service) => Promise<void>,
  beside?: Parameters<typeof serveSockets>[2],
): Promise<void> {
  const running = await serveSockets(harness, options, beside);
  const sockets: Connected[] = [];
  try {
    await test({
      origin: running.origin,
      async open(query = "", headers = {}, protocols = []) {
        const outcome = await connect(harness, running.origin, query, headers, protocols);
        if ("talk" in outcome) sockets.push(outcome);
        return outcome;
      },
      get: async (path, jar) => (await ask(running.origin, path, { jar })).body,
    });
  } finally {
    for (const socket of sockets) socket.close();
    await running.close();
  }
}

function opened(outcome: Connected | Refused): Connected {
  if (!("talk" in outcome)) throw new Error(`refused with ${outcome.status}: ${outcome.body}`);
  return outcome;
}

/** Options of sessions that last an hour, and that messages prolong. */
function active(options: Parameters<typeof withEvents>[0] = {}) {
  return withEvents({ maxAge: 3600, socketActivity: true, ...options }).options;
}

/** Runs a test in which time passes by minutes. Timers and sockets are the real ones. */
async function inTime(test: (pass: (minutes: number) => void) => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    await test((minutes) => void vi.setSystemTime(Date.now() + minutes * 60_000));
  } finally {
    vi.useRealTimers();
  }
}

/** The rows of the matrix for sockets. */
export const socketCases: readonly {
  readonly name: string;
  readonly run: (harness: SocketHarness) => Promise<void>;
  /** True if a page must use `@galleta/session/client`. */
  readonly needsLive?: true;
  /** Only where the adapter takes a list of sessions. */
  readonly needsSeveral?: true;
}[] = [
  {
    name: "socket: reads the session of HTTP, and gets no cookie for it",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open, get }) => {
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
      serve(harness, withEvents().options, async ({ open, get }) => {
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
      serve(
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
      serve(harness, withEvents({ csrf: "strict" }).options, async ({ open, origin }) => {
        expect(await open()).toMatchObject({ status: 403 });
        opened(await open("", { origin }));
      }),
  },
  {
    name: "socket: the app refuses the handshake",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open }) => {
        const outcome = await open("refuse=402&set=seen");
        expect(outcome).toMatchObject({ status: 402 });
        expect(outcome.setCookie).toHaveLength(1);
      }),
  },
  {
    name: "socket: what cannot be saved is an error, and the server lives",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open }) => {
        expect(await open("big=1")).toMatchObject({ status: 500, setCookie: [] });
        opened(await open());
      }),
  },
  {
    name: "socket: a tampered cookie is an empty session",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open }) => {
        const { talk } = opened(await open("", { cookie: `session=${"A".repeat(120)}` }));
        expect(await talk("read")).toBe("{}");
      }),
  },
  {
    name: "socket: a late write throws ERR_SESSION_HANDSHAKE_SENT",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open }) => {
        const { talk } = opened(await open("set=yes"));
        expect(await talk("write")).toBe("ERR_SESSION_HANDSHAKE_SENT");
        expect(await talk("read")).toBe('{"fromHandshake":"yes"}');
      }),
  },
  {
    name: "socket: sees what HTTP changes, and is closed when it ends the session",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open, get }) => {
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
    name: "socket: update with a store reaches HTTP",
    run: (harness) =>
      serve(harness, withEvents({ store: memoryStore() }).options, async ({ open, get }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        const { talk } = opened(await open("", { cookie: jar.header }));
        expect(await talk("update")).toBe('{"name":"ana","updated":true}');
        expect(await get("/read", jar)).toBe('{"name":"ana","updated":true}');
      }),
  },
  {
    name: "socket: update by a ticket that the page exchanges",
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open, get, origin }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        const { talk } = opened(await open("", { cookie: jar.header }));
        const statuses: number[] = [];
        page.deliver = async (body) => {
          const sent = { method: "POST", headers: { origin }, body };
          statuses.push((await ask(origin, "/.galleta/session", { ...sent, jar })).status);
          statuses.push((await ask(origin, "/.galleta/session", { ...sent, jar })).status);
        };
        expect(await talk("deliver")).toBe('{"name":"ana","updated":true}');
        expect(await get("/read", jar)).toBe('{"name":"ana","updated":true}');
        // The second time it was already used.
        expect(statuses[0]).toBe(200);
        await expect.poll(() => statuses[1]).toBeGreaterThanOrEqual(400);
      }),
  },
  {
    name: "socket: a page with @galleta/session/client fetches its cookie unseen",
    needsLive: true,
    run: (harness) =>
      serve(harness, withEvents().options, async ({ open, get, origin }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        const { ws } = opened(await open("", { cookie: jar.header }, ["galleta.v1"]));
        expect(ws.protocol).toBe("galleta.v1");
        const messages: string[] = [];
        ws.on("message", (data) => {
          const text = String(data);
          if (!text.startsWith("\0") || text.startsWith("\0\0")) messages.push(text);
          else void exchange(JSON.parse(text.slice(1)) as Record<"id" | "ticket" | "path", string>);
        });
        const exchange = async ({ id, ticket: body, path }: Record<string, string>) => {
          const sent = { method: "POST", headers: { origin }, body: body ?? "", jar };
          const { receipt } = JSON.parse((await ask(origin, path ?? "", sent)).body) as object & {
            receipt: string;
          };
          ws.send(`\0${JSON.stringify({ id, receipt })}`);
        };
        ws.send("update");
        await expect.poll(() => messages.length).toBe(1);
        expect(messages[0]).toBe('{"name":"ana","updated":true}');
        expect(await get("/read", jar)).toBe(messages[0]);
        // A message of the app that only looks like a control frame.
        ws.send("nul");
        await expect.poll(() => messages.length).toBe(2);
        expect(messages[1]).toBe("\0\0 is a message");
        ws.send("\0\0 from the page");
        await expect.poll(() => messages.length).toBe(3);
      }),
  },
  {
    name: "socket: with socketActivity its messages prolong the session",
    run: (harness) =>
      serve(harness, active({ store: memoryStore() }), async ({ open, get }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        const { talk, closed } = opened(await open("", { cookie: jar.header }));
        await inTime(async (pass) => {
          for (let i = 0; i < 3; i += 1) {
            pass(50);
            expect(await talk("read")).toBe('{"name":"ana"}');
            // Within a second the sockets of expired sessions are closed.
            await new Promise((resolve) => setTimeout(resolve, 1100));
          }
          expect(await talk("read")).toBe('{"name":"ana"}');
          // Now nothing is sent.
          pass(61);
          expect((await closed).code).toBe(harness.closeCode ?? 1008);
        });
      }),
  },
  {
    name: "socket: with socketActivity a page with @galleta/session/client keeps its cookie",
    needsLive: true,
    run: (harness) =>
      serve(harness, active(), async ({ open, get, origin }) => {
        const jar = new Jar();
        await get("/set?name=ana", jar);
        const { ws } = opened(await open("", { cookie: jar.header }, ["galleta.v1"]));
        let exchanges = 0;
        ws.on("message", (data) => {
          if (String(data).startsWith("\0")) void exchange(String(data).slice(1));
        });
        const exchange = async (frame: string) => {
          const { id, ticket: body, path } = JSON.parse(frame) as Record<string, string>;
          const sent = { method: "POST", headers: { origin }, body: body ?? "", jar };
          const answer = await ask(origin, path ?? "", sent);
          ws.send(`\0${JSON.stringify({ id, ...(JSON.parse(answer.body) as object) })}`);
          if (answer.status === 200) exchanges += 1;
        };
        await inTime(async (pass) => {
          for (let i = 1; i <= 3; i += 1) {
            pass(50);
            ws.send("read");
            await expect.poll(() => exchanges).toBe(i);
          }
          expect(await get("/read", jar)).toBe('{"name":"ana"}');
          expect(ws.readyState).toBe(ws.OPEN);
        });
      }),
  },
  {
    name: "socket: two sessions, each with its cookie on the 101",
    needsSeveral: true,
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ open, get }) => {
          const jar = new Jar();
          const first = opened(await open("set=yes&prefs=dark"));
          expect(first.setCookie.map((cookie) => cookie.split("=")[0]).toSorted()).toEqual([
            "prefs",
            "session",
          ]);
          jar.take(first.setCookie);
          const { talk } = opened(await open("", { cookie: jar.header }));
          expect(await talk("prefs read")).toBe('{"fromHandshake":"dark"}');
          expect(await talk("read")).toBe('{"fromHandshake":"yes"}');
          expect(await get("/both-read", jar)).toBe(
            '[{"fromHandshake":"yes"},{"fromHandshake":"dark"}]',
          );
        },
        PREFS,
      ),
  },
  {
    name: "socket: two sessions, each sees what HTTP changes in it",
    needsSeveral: true,
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ open, get }) => {
          const jar = new Jar();
          await get("/both?name=ana", jar);
          const { talk, setCookie } = opened(await open("", { cookie: jar.header }));
          expect(setCookie).toEqual([]);
          await get("/prefs?theme=light", jar);
          expect(await talk("prefs read")).toBe('{"name":"ana","theme":"light"}');
          await get("/set?seen=1", jar);
          expect(await talk("read")).toBe('{"name":"ana","seen":"1"}');
          expect(await talk("prefs write")).toBe("ERR_SESSION_HANDSHAKE_SENT");
        },
        PREFS,
      ),
  },
  {
    name: "socket: two sessions, each with an update of its own",
    needsSeveral: true,
    run: (harness) =>
      serve(
        harness,
        withEvents({ store: memoryStore() }).options,
        async ({ open, get }) => {
          const jar = new Jar();
          await get("/both?name=ana", jar);
          const { talk } = opened(await open("", { cookie: jar.header }));
          const [before, updated] = ['{"name":"ana"}', '{"name":"ana","updated":true}'];
          expect(await talk("prefs update")).toBe(updated);
          expect(await get("/both-read", jar)).toBe(`[${before},${updated}]`);
          expect(await talk("update")).toBe(updated);
          expect(await get("/both-read", jar)).toBe(`[${updated},${updated}]`);
        },
        { ...PREFS, store: memoryStore() },
      ),
  },
  {
    name: "socket: two sessions, and a ticket of one is refused by the other",
    needsSeveral: true,
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ open, get, origin }) => {
          const jar = new Jar();
          await get("/both?name=ana", jar);
          const { talk } = opened(await open("", { cookie: jar.header }));
          const paths: number[] = [];
          page.deliver = async (body) => {
            const sent = { method: "POST", headers: { origin }, body, jar };
            paths.push((await ask(origin, "/.galleta/session", sent)).status);
            paths.push((await ask(origin, "/.galleta/session/prefs", sent)).status);
          };
          expect(await talk("prefs deliver")).toContain('"updated":true');
          expect(paths).toEqual([expect.any(Number), 200]);
          expect(paths[0]).toBeGreaterThanOrEqual(400);
          expect(await get("/both-read", jar)).toBe(
            '[{"name":"ana"},{"name":"ana","updated":true}]',
          );
        },
        PREFS,
      ),
  },
  {
    name: "socket: two sessions, and the end of either closes it",
    needsSeveral: true,
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ open, get }) => {
          for (const path of ["/null", "/prefs-end"]) {
            const jar = new Jar();
            await get("/both?name=ana", jar);
            const { closed } = opened(await open("", { cookie: jar.header }));
            await get(path, jar);
            expect((await closed).code).toBe(harness.closeCode ?? 1008);
          }
        },
        PREFS,
      ),
  },
  {
    name: "socket: two sessions, and a page with @galleta/session/client fetches the cookie of either",
    needsLive: true,
    needsSeveral: true,
    run: (harness) =>
      serve(
        harness,
        withEvents().options,
        async ({ open, get, origin }) => {
          const jar = new Jar();
          await get("/both?name=ana", jar);
          const { ws } = opened(await open("", { cookie: jar.header }, ["galleta.v1"]));
          const messages: string[] = [];
          const exchange = async ({ id, ticket, path }: Record<string, string>) => {
            const sent = { method: "POST", headers: { origin }, body: ticket ?? "", jar };
            const { body } = await ask(origin, path ?? "", sent);
            ws.send(`\0${JSON.stringify({ id, ...(JSON.parse(body) as { receipt: string }) })}`);
          };
          ws.on("message", (data) => {
            const text = String(data);
            if (!text.startsWith("\0")) messages.push(text);
            else void exchange(JSON.parse(text.slice(1)) as Record<string, string>);
          });
          for (const message of ["prefs update", "update"]) {
            messages.length = 0;
            ws.send(message);
            await expect.poll(() => messages).toEqual(['{"name":"ana","updated":true}']);
          }
          const both = { name: "ana", updated: true };
          expect(JSON.parse(await get("/both-read", jar))).toEqual([both, both]);
        },
        PREFS,
      ),
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
      return serve(harness, withEvents({ store }).options, async ({ open, get }) => {
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
      serve(harness, withEvents().options, async ({ open }) => {
        const all = await Promise.all(Array.from({ length: 10 }, (_, me) => open(`set=${me}`)));
        const read = await Promise.all(all.map((one) => opened(one).talk("read")));
        expect(read).toEqual(all.map((_, me) => JSON.stringify({ fromHandshake: String(me) })));
      }),
  },
];
