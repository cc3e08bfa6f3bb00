import { expect, vi } from "vitest";
import { memoryStore } from "../../../packages/session/src/store/memory.ts";
import { withEvents } from "../harness.ts";
import { page } from "../socket-harness.ts";
import { opened, serveCase, type SocketCase } from "../socket-service.ts";
import { ask, Jar } from "../wire.ts";

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

/** Changes that a socket makes, and messages that prolong its session. */
export const socketUpdateCases: readonly SocketCase[] = [
  {
    name: "socket: update with a store reaches HTTP",
    run: (harness) =>
      serveCase(harness, withEvents({ store: memoryStore() }).options, async ({ open, get }) => {
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
      serveCase(harness, withEvents().options, async ({ open, get, origin }) => {
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
      serveCase(harness, withEvents().options, async ({ open, get, origin }) => {
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
        // A message of the app that only looks like a Galleta frame.
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
      serveCase(harness, active({ store: memoryStore() }), async ({ open, get }) => {
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
      serveCase(harness, active(), async ({ open, get, origin }) => {
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
];
