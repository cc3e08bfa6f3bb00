import { expect } from "vitest";
import { memoryStore } from "../../../packages/session/src/store/memory.ts";
import { withEvents } from "../harness.ts";
import { page } from "../socket-harness.ts";
import { opened, serveCase, type SocketCase } from "../socket-service.ts";
import { ask, Jar } from "../wire.ts";

/** Options of a second session. */
const PREFS = {
  property: "prefs",
  secretKey: "a secret key of the preferences, long enough",
  onEvent: () => {},
};

/** Two sessions on one socket. */
export const severalSocketCases: readonly SocketCase[] = [
  {
    name: "socket: two sessions, each with its cookie on the 101",
    needsSeveral: true,
    run: (harness) =>
      serveCase(
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
      serveCase(
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
      serveCase(
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
      serveCase(
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
      serveCase(
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
      serveCase(
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
];
