import { expect } from "vitest";
import { Jar } from "../adapters/wire.ts";
import { LivePage } from "./live-page.ts";
import type { Client } from "./column.ts";
import { endsWith, hasHandshake, hasPage, type SocketCase } from "./socket-case.ts";

/** A browser that holds a cookie of both sessions. */
async function both(client: Client, variant: "pair" | "storedPair" = "pair"): Promise<Jar> {
  const jar = await client.login(variant);
  await client.get(variant, "/prefs?theme=dark", jar);
  expect(jar.names).toEqual(["prefs", "session"]);
  return jar;
}

/** Rows for sockets of a handshake that has two sessions, by the option `property`. */
export const pairCases: readonly SocketCase[] = [
  {
    name: "socket: two sessions, each with its cookie on the 101",
    isFor: hasHandshake,
    async run(client) {
      const code = client.column.limits?.handshakeChange;
      if (code !== undefined) {
        const refused = await client.open("pair", "prefs=dark");
        if ("talk" in refused) await refused.closed;
        expect(JSON.parse(await client.get("pair", "/codes"))).toContain(code);
        return;
      }
      const { setCookie } = await client.opened("pair", "set=yes&prefs=dark");
      const jar = new Jar();
      jar.take(setCookie);
      expect(setCookie).toHaveLength(2);
      expect(jar.names).toEqual(["prefs", "session"]);
      const { talk } = await client.opened("pair", "", { cookie: jar.header });
      expect(await talk("read")).toBe('{"fromHandshake":"yes"}');
      expect(await talk("prefs read")).toBe('{"fromHandshake":"dark"}');
      expect(await client.get("pair", "/read", jar)).toBe('{"fromHandshake":"yes"}');
      expect(await client.get("pair", "/prefs", jar)).toBe('{"fromHandshake":"dark"}');
    },
  },
  {
    name: "socket: two sessions, each sees what HTTP changes in it",
    async run(client) {
      const jar = await both(client);
      const { talk, setCookie } = await client.opened("pair", "", { cookie: jar.header });
      expect(setCookie).toEqual([]);
      await client.get("pair", "/prefs?theme=light", jar);
      expect(await talk("prefs read")).toBe('{"theme":"light"}');
      await client.get("pair", "/set?seen=1", jar);
      expect(await talk("read")).toBe('{"user":"ann","seen":"1"}');
      expect(await talk("prefs write")).toBe("ERR_SESSION_HANDSHAKE_SENT");
    },
  },
  {
    name: "socket: two sessions, each with an update of its own",
    async run(client) {
      const jar = await both(client, "storedPair");
      const { talk } = await client.opened("storedPair", "", { cookie: jar.header });
      expect(await talk("prefs update")).toBe('{"theme":"dark","updated":true}');
      expect(await client.get("storedPair", "/read", jar)).toBe('{"user":"ann"}');
      expect(await talk("update")).toBe('{"user":"ann","updated":true}');
      expect(await client.get("storedPair", "/prefs", jar)).toBe('{"theme":"dark","updated":true}');
    },
  },
  {
    name: "socket: two sessions, and a ticket of one is refused by the other",
    isFor: ({ limits }) => limits?.hasProtocol !== true,
    async run(client) {
      const jar = await both(client);
      const { ws } = await client.opened("pair", "", { cookie: jar.header });
      const messages: string[] = [];
      const paths = ["/.galleta/session", "/.galleta/session/prefs"];
      const statuses: number[] = [];
      const exchange = async (body: string) => {
        const sent = { method: "POST", headers: { origin: client.origin("pair") }, body, jar };
        for (const path of paths) statuses.push((await client.ask("pair", path, sent)).status);
      };
      ws.on("message", (data) => {
        const text = String(data);
        if (text.startsWith("ticket ")) void exchange(text.slice(7));
        else messages.push(text);
      });
      ws.send("prefs deliver");
      await expect.poll(() => messages).toEqual(['{"theme":"dark","updated":true}']);
      await expect.poll(() => statuses).toEqual([expect.any(Number), 200]);
      expect(statuses[0]).toBeGreaterThanOrEqual(400);
      expect(await client.get("pair", "/prefs", jar)).toBe(messages[0]);
      expect(await client.get("pair", "/read", jar)).toBe('{"user":"ann"}');
    },
  },
  {
    name: "socket: two sessions, and the end of either closes it",
    async run(client) {
      for (const path of ["/logout", "/prefs-end"]) {
        const jar = await both(client);
        const socket = await client.opened("pair", "", { cookie: jar.header });
        await client.get("pair", path, jar);
        await endsWith(socket, "session ended", client.column);
      }
    },
  },
  {
    name: "socket: two sessions, and a page with @galleta/session/client fetches the cookie of either",
    isFor: hasPage,
    async run(client) {
      const page = await LivePage.open(client, "pair", await both(client));
      expect(await page.talk("prefs update")).toBe('{"theme":"dark","updated":true}');
      expect(await page.talk("update")).toBe('{"user":"ann","updated":true}');
      expect(await page.get("/prefs")).toBe('{"theme":"dark","updated":true}');
      expect(await page.get("/read")).toBe('{"user":"ann","updated":true}');
    },
  },
];
