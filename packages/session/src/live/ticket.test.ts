import { createHash, createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { Jar, KEY, start, type Data } from "@galleta/test-support/jar";
import type { Sessions } from "../engine.ts";
import { destroy } from "../session/functions.ts";
import { SKEW } from "../token/times.ts";
import { exchangeTicket } from "./exchange.ts";
import { checkReceipt, makeReceipt, makeTicket, nameOf } from "./ticket.ts";
import { Tickets } from "./tickets.ts";
import { update, type UpdateOptions } from "./update.ts";

const AT = "2026-01-01T00:00:00Z";
const NOW = Date.parse(AT) / 1000;
beforeEach(() => {
  vi.useFakeTimers({ now: new Date(AT) });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Makes a session with a socket and a pending change, whose ticket the page has. */
async function pending(
  sessions: Sessions<Data>,
  change: (draft: Data) => void = (draft) => (draft["n"] = 2),
  options: UpdateOptions = {},
) {
  const jar = new Jar();
  await jar.request(sessions, (session) => (session["n"] = 1));
  const socket = await jar.socket(sessions);
  const tickets: string[] = [];
  const deliver = (ticket: string) => tickets.push(ticket);
  const done = update(socket.session, change, { deliver, ...options });
  done.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  return { jar, socket, done, tickets, ticket: tickets[0] ?? "" };
}

describe("a ticket", () => {
  it("becomes the cookie of its page, and the update resolves", async () => {
    const { sessions } = start();
    const { jar, socket, done, ticket } = await pending(sessions);
    expect(socket.session).toEqual({ n: 1 });
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ status: 200 });
    await done;
    expect(socket.session).toEqual({ n: 2 });
    expect(await jar.read(sessions)).toEqual({ n: 2 });
    // A process that knows nothing of the session reads all of it from the cookie.
    expect(await jar.read(start().sessions)).toEqual({ n: 2 });
  });

  it("has its change in the cookie that the exchange sets", async () => {
    const { sessions } = start();
    const { jar, ticket } = await pending(sessions);
    // No process that knows of the change reads the cookie.
    expect(await jar.exchange(start().sessions, ticket)).toMatchObject({ status: 200 });
    expect(await jar.read(start().sessions)).toEqual({ n: 2 });
  });

  it("without data changes nothing, and is accepted at any revision", async () => {
    const { sessions } = start();
    const { jar, socket } = await pending(sessions);
    const { ring } = socket.context.settings;
    const { sid } = socket.context.state;
    const ticket = makeTicket(ring, sid, { rev: 7, json: "" }, NOW);
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ status: 200 });
    expect(await jar.read(start().sessions)).toEqual({ n: 1 });
  });

  it("is rejected if it is of the future, or if its data is not that of a session", async () => {
    const { sessions } = start();
    const { jar, socket } = await pending(sessions);
    const { ring } = socket.context.settings;
    const { sid, loaded } = socket.context.state;
    const made = (json: string, now: number) =>
      makeTicket(ring, sid, { rev: loaded.rev, json }, now);
    const invalid = { status: 400, code: "ERR_SESSION_TICKET_INVALID" };
    expect(await jar.exchange(sessions, made("no json", NOW))).toMatchObject(invalid);
    expect(await jar.exchange(sessions, made('{"n":2}', NOW + SKEW + 1))).toMatchObject(invalid);
    expect(await jar.exchange(sessions, made('{"n":2}', NOW + SKEW))).toMatchObject({
      status: 200,
    });
  });

  it("is named by the first 22 characters of its hash", () => {
    const hash = createHash("sha256").update("a ticket").digest("base64url");
    expect(nameOf("a ticket")).toBe(hash.slice(0, 22));
  });

  it("hides its content", async () => {
    const { sessions } = start();
    const { ticket } = await pending(sessions, (draft) => (draft["n"] = "a-plain-word"));
    expect(Buffer.from(ticket, "base64url").toString("latin1")).not.toContain("plain");
  });

  it("is rejected the second time, also with the older cookie", async () => {
    const { sessions } = start();
    const { jar, ticket } = await pending(sessions);
    const before = jar.copy();
    await jar.exchange(sessions, ticket);
    for (const again of [jar, before]) {
      expect(await again.exchange(sessions, ticket)).toMatchObject({
        status: 409,
        code: "ERR_SESSION_TICKET_USED",
      });
    }
  });

  it("is rejected after 60 seconds", async () => {
    const { sessions } = start();
    const { jar, ticket } = await pending(sessions, undefined, { timeout: 60 });
    vi.setSystemTime(Date.parse(AT) + 59_999);
    const early = jar.copy();
    vi.setSystemTime(Date.parse(AT) + 60_000);
    expect(await early.exchange(sessions, ticket)).toMatchObject({
      status: 410,
      code: "ERR_SESSION_TICKET_EXPIRED",
    });
    vi.setSystemTime(Date.parse(AT) + 59_999);
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ status: 200 });
  });

  it("is rejected with another session, and with none", async () => {
    const { sessions } = start();
    const { ticket, done } = await pending(sessions);
    const other = new Jar();
    await other.request(sessions, (session) => (session["n"] = 1));
    for (const jar of [other, new Jar()]) {
      expect(await jar.exchange(sessions, ticket)).toMatchObject({
        status: 403,
        code: "ERR_SESSION_TICKET_FOREIGN",
      });
    }
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_TICKET_FOREIGN" });
  });

  it("is rejected on a stale revision; the update is made again on the newer one", async () => {
    const { sessions } = start();
    const { jar, done, tickets } = await pending(sessions);
    await jar.request(sessions, (session) => (session["other"] = true));
    expect(await jar.exchange(sessions, tickets[0] ?? "")).toMatchObject({
      status: 409,
      code: "ERR_SESSION_TICKET_STALE",
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(tickets).toHaveLength(2);
    expect(await jar.exchange(sessions, tickets[1] ?? "")).toMatchObject({ status: 200 });
    await done;
    expect(await jar.read(sessions)).toEqual({ n: 2, other: true });
  });

  it("is rejected with any bit flipped, without an answer to the update", async () => {
    const { sessions } = start();
    const { jar, done, ticket } = await pending(sessions);
    const bytes = Buffer.from(ticket, "base64url");
    for (let i = 0; i < bytes.length * 8; i += 1) {
      const flipped = Buffer.from(bytes);
      flipped[i >> 3] = (flipped[i >> 3] ?? 0) ^ (1 << (i & 7));
      expect(await jar.exchange(sessions, flipped.toString("base64url"))).toMatchObject({
        status: 400,
        code: "ERR_SESSION_TICKET_INVALID",
      });
    }
    await jar.exchange(sessions, ticket);
    await done;
  });

  it("is not a session, and a session is not a ticket", async () => {
    const { sessions } = start({ encrypt: true });
    const { jar, ticket } = await pending(sessions);
    expect(await new Jar(`session=${ticket}`).read(sessions)).toEqual({});
    const cookie = jar.cookie.slice("session=".length);
    expect(await jar.exchange(sessions, cookie)).toMatchObject({
      code: "ERR_SESSION_TICKET_INVALID",
    });
    expect(await jar.exchange(sessions, "")).toMatchObject({ code: "ERR_SESSION_TICKET_INVALID" });
    expect(await jar.exchange(sessions, "A".repeat(100_000))).toMatchObject({
      code: "ERR_SESSION_TICKET_INVALID",
    });
  });

  it("is not a session's signed cookie", async () => {
    const { sessions } = start();
    const { jar } = await pending(sessions);
    const cookie = jar.cookie.slice("session=".length);
    expect(await jar.exchange(sessions, cookie)).toMatchObject({
      status: 400,
      code: "ERR_SESSION_TICKET_INVALID",
    });
  });

  it("is rejected once the session has ended", async () => {
    const { sessions } = start();
    const { jar, done, ticket } = await pending(sessions);
    const before = jar.copy();
    await jar.request(sessions, (session) => destroy(session));
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_ENDED" });
    expect(await before.exchange(sessions, ticket)).toMatchObject({
      status: 403,
      code: "ERR_SESSION_ENDED",
    });
  });

  it("is denied when another site sends it", async () => {
    const { sessions } = start();
    const { jar, ticket } = await pending(sessions);
    const headers = { host: "localhost", origin: "http://evil.example" };
    const request = facts({ method: "POST", headers });
    const answer = await sessions.exchange(request, jar.cookie, ticket);
    expect(answer).toMatchObject({ status: 403, commit: { setCookie: [] } });
    expect(JSON.parse(answer.body)).toMatchObject({ code: "ERR_SESSION_CSRF" });
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ status: 200 });
  });

  it("replaces the CSRF token where one is needed", async () => {
    const { sessions } = start({ csrf: "strict" });
    const { jar, ticket } = await pending(sessions);
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ status: 200 });
  });
});

describe("update without a store", () => {
  it("ends with a code when the page does not fetch its cookie", async () => {
    const { sessions } = start();
    const { done } = await pending(sessions, undefined, { timeout: 2 });
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_UPDATE_TIMEOUT" });
  });

  it("fails with a code when the page is closed", async () => {
    const { sessions } = start();
    const { done, socket } = await pending(sessions);
    socket.handle?.detach();
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_UPDATE_TIMEOUT" });
  });

  it("throws without a page and without a store", async () => {
    const { sessions } = start();
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const { session } = await jar.socket(sessions);
    const change = update(session, (draft) => (draft["n"] = 2));
    await expect(change).rejects.toMatchObject({ code: "ERR_SESSION_STORE_REQUIRED" });
  });

  it("waits in line, and no more than eight wait", async () => {
    const { sessions } = start();
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 0));
    const { session } = await jar.socket(sessions);
    const deliver = async (ticket: string) => void (await jar.exchange(sessions, ticket));
    const count = (draft: Data) => (draft["n"] = Number(draft["n"]) + 1);
    const changes = Array.from({ length: 9 }, () => update(session, count, { deliver }));
    const outcomes = await Promise.allSettled(changes);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(8);
    expect(outcomes[8]).toMatchObject({ reason: { code: "ERR_SESSION_TICKET_LIMIT" } });
    expect(await jar.read(sessions)).toEqual({ n: 8 });
  });

  it("succeeds if one of several tabs fails", async () => {
    const { sessions } = start();
    const { jar, done, socket } = await pending(sessions, undefined, { timeout: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_UPDATE_TIMEOUT" });
    const deliver = async (ticket: string) => void (await jar.exchange(sessions, ticket));
    await update(socket.session, (draft) => (draft["n"] = 3), { deliver });
    expect(await jar.read(sessions)).toEqual({ n: 3 });
  });

  it("sends nothing for a change that changes nothing", async () => {
    const { sessions } = start();
    const { done, tickets } = await pending(sessions, (draft) => (draft["n"] = 1));
    await done;
    expect(tickets).toEqual([]);
  });
});

describe("a page with our client", () => {
  async function page(sessions: Sessions<Data>) {
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const frames: string[] = [];
    const socket = await jar.socket(sessions, { control: (frame) => frames.push(frame) });
    const done = update(socket.session, (draft) => (draft["n"] = 2));
    done.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    const frame = frames[0] ?? "";
    const { id, ticket, path } = JSON.parse(frame.slice(1)) as Record<string, string>;
    return { jar, socket, done, frame, path, id: id ?? "", ticket: ticket ?? "" };
  }

  it("gets the public path of the exchange, behind a proxy that cuts one off", async () => {
    const { sessions } = start({ publicPath: "/app" });
    const { jar, done, path, ticket } = await page(sessions);
    expect([path, sessions.exchangePath]).toEqual(["/app/.galleta/session", "/.galleta/session"]);
    expect((await jar.exchange(sessions, ticket)).status).toBe(200);
    await vi.advanceTimersByTimeAsync(120_000);
    await done.catch(() => undefined);
  });

  it("gets a Galleta frame, and proves with a receipt that it has its cookie", async () => {
    const { sessions } = start();
    const { jar, socket, done, frame, path, id, ticket } = await page(sessions);
    expect([frame[0], path]).toEqual(["\0", "/.galleta/session"]);
    let isDone = false;
    void done.then(() => (isDone = true));
    const { receipt } = await jar.exchange(sessions, ticket);
    await vi.advanceTimersByTimeAsync(0);
    expect(isDone).toBe(false);
    socket.handle?.receive(JSON.stringify({ id, receipt }));
    await done;
    expect(socket.session).toEqual({ n: 2 });
  });

  it("is believed if the exchange ran in another process", async () => {
    const { sessions } = start();
    const { jar, socket, done, id, ticket } = await page(sessions);
    const { receipt } = await jar.exchange(start().sessions, ticket);
    socket.handle?.receive(JSON.stringify({ id, receipt }));
    await done;
    expect(socket.session).toEqual({ n: 2 });
    expect(await jar.read(sessions)).toEqual({ n: 2 });
  });

  it("is not believed without a receipt", async () => {
    const { sessions } = start();
    const { socket, done, id } = await page(sessions);
    const forged = Buffer.alloc(32).toString("base64url");
    for (const frame of [
      JSON.stringify({ id, receipt: forged }),
      JSON.stringify({ id, receipt: "" }),
      JSON.stringify({ id }),
      JSON.stringify({ id: 7, receipt: forged }),
      JSON.stringify([id]),
      "null",
      "{",
      "",
      "x".repeat(100_000),
    ]) {
      socket.handle?.receive(frame);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    await expect(done).rejects.toMatchObject({ code: "ERR_SESSION_UPDATE_TIMEOUT" });
    expect(socket.session).toEqual({ n: 1 });
  });

  it("keeps its change if it exchanges its ticket twice before it answers", async () => {
    const { sessions } = start();
    const { jar, socket, done, id, ticket } = await page(sessions);
    const { receipt } = await jar.exchange(sessions, ticket);
    expect(await jar.exchange(sessions, ticket)).toMatchObject({ code: "ERR_SESSION_TICKET_USED" });
    socket.handle?.receive(JSON.stringify({ id, receipt }));
    await done;
    expect(socket.session).toEqual({ n: 2 });
  });

  it("has 1,024 characters for its answer", async () => {
    const { sessions } = start();
    const { jar, socket, done, id, ticket } = await page(sessions);
    const { receipt } = await jar.exchange(sessions, ticket);
    const answer = JSON.stringify({ id, receipt });
    let isDone = false;
    void done.then(() => (isDone = true));
    socket.handle?.receive(answer.padEnd(1025));
    await vi.advanceTimersByTimeAsync(0);
    expect(isDone).toBe(false);
    socket.handle?.receive(answer.padEnd(1024));
    await done;
  });

  it("may report an error only by codes of Galleta", async () => {
    const { sessions } = start();
    for (const [code, told] of [
      ["ERR_SESSION_TICKET_EXPIRED", "ERR_SESSION_TICKET_EXPIRED"],
      ["ERR_SESSION_KEY", "ERR_SESSION_TICKET_INVALID"],
      ["<script>", "ERR_SESSION_TICKET_INVALID"],
    ]) {
      const { socket, done, id } = await page(sessions);
      socket.handle?.receive(JSON.stringify({ id, code }));
      await expect(done).rejects.toMatchObject({ code: told });
    }
  });
});

describe("a receipt", () => {
  const { ring } = start({ secretKey: ["the new key of this test, long enough", KEY] }).sessions
    .shared.settings;
  const old = start({ secretKey: KEY }).sessions.shared.settings.ring;

  it("belongs to one ticket, and to one of the keys", () => {
    for (const made of [makeReceipt(ring, "a"), makeReceipt(old, "a")]) {
      expect([checkReceipt(ring, "a", made), checkReceipt(ring, "b", made)]).toEqual([true, false]);
      expect(checkReceipt(ring, "a", made.slice(0, -2))).toBe(false);
    }
    expect(checkReceipt(old, "a", makeReceipt(ring, "a"))).toBe(false);
  });

  it("is the HMAC-SHA-256 of a label and the name, each after its length", () => {
    const text = `\0\x0eticket-receipt\0\x04name`;
    const sum = createHmac("sha256", old.newest.csrf).update(text).digest("base64url");
    expect(makeReceipt(old, "name")).toBe(sum);
  });
});

describe("the exchange", () => {
  /** The part of the hub that it uses, and what it was told. */
  function desk() {
    const told: unknown[] = [];
    const hub = {
      tickets: new Tickets(),
      changed: ({ rev }: { rev: number }) => void told.push(rev),
      ticketDone: ({ code }: { code?: string }) => void told.push(code),
    };
    return { hub, told };
  }

  async function opened() {
    const { sessions } = start();
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["n"] = 1));
    const old = jar.copy();
    await jar.request(sessions, (session) => void (session["n"] = 2));
    const other = start().sessions;
    const open = async (from: Jar) => (await from.open(other)) as never;
    const { ring } = sessions.shared.settings;
    const { sid } = (await jar.open(sessions)).state;
    const ticket = (rev: number) => makeTicket(ring, sid, { rev, json: '{"n":3}' }, NOW);
    return { newest: () => open(jar), old: () => open(old), ticket };
  }

  it("tells the process of the socket if its revision is old, and nothing that it knows", async () => {
    const { newest, old, ticket } = await opened();
    const { hub, told } = desk();
    const stale = { status: 409 };
    expect(await exchangeTicket(hub, await newest(), ticket(1))).toMatchObject(stale);
    expect(told.splice(0)).toEqual([2, "ERR_SESSION_TICKET_STALE"]);
    expect(await exchangeTicket(hub, await old(), ticket(2))).toMatchObject(stale);
    expect(told.splice(0)).toEqual(["ERR_SESSION_TICKET_STALE"]);
  });

  it("tells no one of a forged ticket, or of the second exchange", async () => {
    const { newest, ticket } = await opened();
    const { hub, told } = desk();
    expect(await exchangeTicket(hub, await newest(), "forged")).toMatchObject({ status: 400 });
    expect(told).toEqual([]);
    const twice = ticket(2);
    expect(await exchangeTicket(hub, await newest(), twice)).toMatchObject({ status: 200 });
    expect(told).toEqual([undefined]);
    expect(await exchangeTicket(hub, await newest(), twice)).toMatchObject({ status: 409 });
    expect(told).toEqual([undefined]);
  });

  it("passes on an error that is not of Galleta", async () => {
    const { newest, ticket } = await opened();
    const { hub } = desk();
    hub.changed = () => {
      throw new TypeError("a fault");
    };
    await expect(exchangeTicket(hub, await newest(), ticket(1))).rejects.toThrow("a fault");
  });
});
