import { expect } from "vitest";
import type { Client, Variant } from "./column.ts";
import { LivePage } from "./live-page.ts";
import { pairCases } from "./pair-cases.ts";
import { endsWith, hasHandshake, hasPage, type Begun, type SocketCase } from "./socket-case.ts";

export async function begin(client: Client): Promise<Begun> {
  const jar = await client.login("short");
  return { expiring: await client.opened("short", "", { cookie: jar.header }) };
}

async function refusal(client: Client, variant: Variant, headers: Record<string, string>) {
  const outcome = await client.open(variant, "set=1", headers);
  if ("talk" in outcome) return "open";
  expect(outcome.setCookie).toEqual([]);
  if (client.column.limits?.hidesReason === true) return String(outcome.status);
  return `${outcome.status} ${(JSON.parse(outcome.body) as { rule: string }).rule}`;
}

/** Runs a table of handshakes through a server. */
async function judge(
  client: Client,
  variant: Variant,
  table: readonly (readonly [Record<string, string>, string])[],
): Promise<void> {
  const isHidden = client.column.limits?.hidesReason === true;
  for (const [headers, expected] of table) {
    const told = isHidden ? expected.split(" ")[0] : expected;
    expect([headers, await refusal(client, variant, headers)]).toEqual([headers, told]);
  }
}

/** Asks for a change in the handshake. It is a cookie of the 101, or an error with a code. */
async function changeInHandshake(client: Client, variant: Variant, code: string | undefined) {
  const jar = await client.login(variant);
  await client.get(variant, "/codes");
  const outcome = await client.open(variant, "set=yes", { cookie: jar.header });
  if (code === undefined) {
    if (!("talk" in outcome)) throw new Error(`refused with ${outcome.status}`);
    expect(outcome.setCookie).toHaveLength(1);
    jar.take(outcome.setCookie);
    const expected = '{"user":"ann","fromHandshake":"yes"}';
    expect(await outcome.talk("read")).toBe(expected);
    expect(await client.get(variant, "/read", jar)).toBe(expected);
    return;
  }
  if ("talk" in outcome) await outcome.closed;
  expect(JSON.parse(await client.get(variant, "/codes"))).toContain(code);
}

export const socketCases: readonly SocketCase[] = [
  {
    name: "socket: with socketActivity its messages prolong the session",
    async run(client) {
      const jar = await client.login("active");
      const { talk } = await client.opened("active", "", { cookie: jar.header });
      const first = Number(await talk("until"));
      // After a tenth of 20 seconds.
      await expect
        .poll(async () => Number(await talk("until")), { interval: 300, timeout: 15_000 })
        .toBeGreaterThan(first);
    },
  },
  {
    name: "socket: reads the session of HTTP, and gets no cookie for it",
    async run(client) {
      const jar = await client.login("plain");
      const { talk, setCookie } = await client.opened("plain", "", { cookie: jar.header });
      expect(await talk("read")).toBe('{"user":"ann"}');
      expect(setCookie).toEqual([]);
    },
  },
  {
    name: "socket: a change in the handshake is a cookie of the 101",
    isFor: hasHandshake,
    run: (client) => changeInHandshake(client, "plain", client.column.limits?.handshakeChange),
  },
  {
    name: "socket: a change in the handshake with a store",
    isFor: hasHandshake,
    run: (client) =>
      changeInHandshake(client, "stored", client.column.limits?.handshakeChangeStored),
  },
  {
    name: "socket: the table of Origins",
    async run(client) {
      const origin = client.origin("plain");
      const otherPort = `http://127.0.0.1:${Number(new URL(origin).port) + 1}`;
      await judge(client, "plain", [
        [{ origin: "https://evil.example" }, "403 origin-foreign"],
        [{ origin: otherPort }, "403 origin-foreign"],
        [{ origin: "null" }, "403 origin-null"],
        [{ origin, "sec-fetch-site": "cross-site" }, "403 sec-fetch-site"],
        [{ origin, "sec-fetch-site": "same-site" }, "403 sec-fetch-site"],
        [{ origin: `${origin}/` }, "403 origin-malformed"],
      ]);
      for (const headers of [
        { origin },
        {},
        { origin: "https://friend.example" },
        { origin, "sec-fetch-site": "same-origin" },
      ]) {
        await client.opened("plain", "", headers);
      }
    },
  },
  {
    name: "socket: strict wants an Origin",
    async run(client) {
      const origin = client.origin("strict");
      await judge(client, "strict", [
        [{}, "403 origin-missing"],
        [{ origin: "https://evil.example" }, "403 origin-foreign"],
      ]);
      const jar = await client.login("strict");
      await client.opened("strict", "", { origin, cookie: jar.header });
    },
  },
  {
    name: "socket: the app refuses the handshake",
    isFor: hasHandshake,
    async run(client) {
      expect(await client.open("plain", "refuse=402")).toMatchObject({ status: 402 });
    },
  },
  {
    name: "socket: what cannot be saved is an error, and the server lives",
    isFor: hasHandshake,
    async run(client) {
      const outcome = await client.open("plain", "big=1");
      if ("talk" in outcome) await outcome.closed;
      else expect(outcome.setCookie).toEqual([]);
      const { talk } = await client.opened("plain");
      expect(await talk("read")).toBe("{}");
    },
  },
  {
    name: "socket: a tampered cookie is an empty session",
    async run(client) {
      const { talk } = await client.opened("plain", "", { cookie: `session=${"A".repeat(120)}` });
      expect(await talk("read")).toBe("{}");
    },
  },
  {
    name: "socket: a late write throws ERR_SESSION_HANDSHAKE_SENT",
    async run(client) {
      const jar = await client.login("plain");
      for (const cookie of [jar.header, ""]) {
        const { talk } = await client.opened("plain", "", { cookie });
        expect(await talk("write")).toBe("ERR_SESSION_HANDSHAKE_SENT");
      }
    },
  },
  {
    name: "socket: sees what HTTP changes, and is closed when it ends the session",
    async run(client) {
      const jar = await client.login("plain");
      const socket = await client.opened("plain", "", { cookie: jar.header });
      await client.get("plain", "/set?seen=1", jar);
      expect(await socket.talk("read")).toBe('{"user":"ann","seen":"1"}');
      await client.get("plain", "/logout", jar);
      await endsWith(socket, "session ended", client.column);
    },
  },
  {
    name: "socket: is closed when its user is revoked",
    async run(client) {
      const jar = await client.login("stored", "rev");
      const socket = await client.opened("stored", "", { cookie: jar.header });
      expect(await socket.talk("read")).toBe('{"user":"rev"}');
      await client.get("stored", "/revoke?user=rev");
      await endsWith(socket, "session ended", client.column);
    },
  },
  {
    name: "socket: is closed when its session expires",
    run: (client, { expiring }) => endsWith(expiring, "session expired", client.column),
  },
  {
    name: "socket: update with a store reaches HTTP",
    async run(client) {
      const jar = await client.login("stored");
      const { talk } = await client.opened("stored", "", { cookie: jar.header });
      expect(await talk("update")).toBe('{"user":"ann","updated":true}');
      expect(await client.get("stored", "/read", jar)).toBe('{"user":"ann","updated":true}');
    },
  },
  {
    name: "socket: update without a store or a page says what it needs",
    async run(client) {
      const jar = await client.login("plain");
      const { talk } = await client.opened("plain", "", { cookie: jar.header });
      expect(await talk("update")).toBe("ERR_SESSION_STORE_REQUIRED");
    },
  },
  {
    name: "socket: update by a ticket that the page exchanges",
    isFor: ({ limits }) => limits?.hasProtocol !== true,
    async run(client) {
      const jar = await client.login("plain");
      const { ws } = await client.opened("plain", "", { cookie: jar.header });
      const messages: string[] = [];
      ws.on("message", (data) => {
        const text = String(data);
        if (text.startsWith("ticket ")) void exchange(text.slice(7));
        else messages.push(text);
      });
      const exchange = async (body: string) => {
        const headers = { origin: client.origin("plain") };
        await client.ask("plain", "/.galleta/session", { method: "POST", headers, body, jar });
      };
      ws.send("deliver");
      await expect.poll(() => messages).toEqual(['{"user":"ann","updated":true}']);
      expect(await client.get("plain", "/read", jar)).toBe(messages[0]);
    },
  },
  {
    name: "socket: a page with @galleta/session/client fetches its cookie unseen",
    isFor: hasPage,
    async run(client) {
      const page = await LivePage.open(client, "plain", await client.login("plain"));
      expect(await page.talk("update")).toBe('{"user":"ann","updated":true}');
      expect(await page.get("/read")).toBe('{"user":"ann","updated":true}');
      // Messages of the app that only look like Galleta frames.
      expect(await page.talk("nul")).toBe("\0 is a message");
      expect(await page.talk("\0 from the page")).toBe('got "\\u0000 from the page"');
    },
  },
  {
    name: "socket: with socketActivity a page with @galleta/session/client keeps its cookie",
    isFor: hasPage,
    async run(client) {
      const page = await LivePage.open(client, "active", await client.login("active"));
      const first = Number(await page.talk("until"));
      await expect
        .poll(async () => Number(await page.talk("until")), { interval: 300, timeout: 15_000 })
        .toBeGreaterThan(first);
      await expect.poll(() => page.exchanges, { timeout: 5000 }).toBeGreaterThan(0);
      expect(await page.get("/read")).toBe('{"user":"ann"}');
    },
  },
  {
    name: "socket: a store that is down fails the handshake, and nothing else",
    async run(client) {
      const jar = await client.login("frail");
      await client.get("frail", "/store?down");
      const outcome = await client.open("frail", "", { cookie: jar.header });
      expect("talk" in outcome ? "open" : outcome.status).toBeGreaterThanOrEqual(400);
      await client.get("frail", "/store");
      // After a failure the store gets no questions for half a second.
      const read = async () => {
        const again = await client.open("frail", "", { cookie: jar.header });
        return "talk" in again ? again.talk("read") : again.status;
      };
      await expect.poll(read, { timeout: 5000 }).toBe('{"user":"ann"}');
    },
  },
  {
    name: "socket: concurrent handshakes keep apart",
    async run(client) {
      const users = Array.from({ length: 10 }, (_, index) => `user${index}`);
      const read = users.map(async (user) => {
        const jar = await client.login("plain", user);
        const { talk } = await client.opened("plain", "", { cookie: jar.header });
        return talk("read");
      });
      expect(await Promise.all(read)).toEqual(users.map((user) => JSON.stringify({ user })));
    },
  },
  ...pairCases,
];
