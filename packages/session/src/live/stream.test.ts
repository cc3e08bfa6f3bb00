import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../store/memory.ts";
import { createSessions } from "../sessions.ts";
import { destroy } from "../session/functions.ts";
import { attachStream } from "./stream.ts";
import { update } from "./update.ts";

const sessions = createSessions<{ user: string; seen: number }>({
  secretKey: "a key for the tests of streams, long enough",
  store: memoryStore(),
});

/** Makes a session in a browser and returns its cookie. */
async function login(): Promise<string> {
  const context = sessions.open("");
  context.session.user = "ann";
  return (await context.commit()).setCookie[0]!.split(";")[0]!;
}

async function opened(cookie: string) {
  const context = sessions.open(cookie);
  await context.load();
  return context;
}

async function logout(cookie: string): Promise<void> {
  const context = await opened(cookie);
  destroy(context.session);
  await context.commit();
}

describe("attachStream", () => {
  it("keeps the session open until the response begins", async () => {
    const context = await opened(await login());
    attachStream(context.session, new ReadableStream());
    context.session.seen = 1;
    expect((await context.commit()).setCookie).toHaveLength(1);
    expect(() => (context.session.seen = 2)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }),
    );
    await update(context.session, (draft) => void (draft.seen = 3));
    expect(context.session.seen).toBe(3);
  });

  it("ends the stream if the session ended before the response began", async () => {
    const cookie = await login();
    const context = await opened(cookie);
    const stream = attachStream(context.session, new ReadableStream());
    await logout(cookie);
    await context.commit();
    expect(await stream.getReader().read()).toEqual({ done: true, value: undefined });
  });

  it("reports changes", async () => {
    const cookie = await login();
    const context = await opened(cookie);
    const heard: unknown[] = [];
    const changed = () => void heard.push(context.session.seen);
    attachStream(context.session, new PassThrough(), { changed });
    await context.commit();
    const other = await opened(cookie);
    other.session.seen = 7;
    await other.commit();
    expect(heard).toEqual([7]);
  });

  it("forwards a stream's data, end and error", async () => {
    const context = await opened(await login());
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue("one");
        controller.close();
      },
    });
    const response = attachStream(context.session, new Response("body", { status: 202 }));
    expect([response.status, await response.text()]).toEqual([202, "body"]);
    const chunks: unknown[] = [];
    for await (const chunk of attachStream(context.session, source)) chunks.push(chunk);
    expect(chunks).toEqual(["one"]);
    const failing = new ReadableStream({ pull: () => Promise.reject(new Error("broken")) });
    const reader = attachStream(context.session, failing).getReader();
    await expect(reader.read()).rejects.toThrow("broken");
  });

  it("ends an iterable that waits, and runs its finally", async () => {
    const cookie = await login();
    const context = await opened(cookie);
    let isOver = false;
    let wake = () => {};
    const woken = new Promise<void>((resolve) => (wake = resolve));
    async function* source() {
      try {
        yield 1;
        await woken;
        yield 2;
      } finally {
        isOver = true;
      }
    }
    const steps = attachStream(context.session, source())[Symbol.asyncIterator]();
    await context.commit();
    expect(await steps.next()).toEqual({ done: false, value: 1 });
    const next = steps.next();
    await logout(cookie);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await steps.next()).toEqual({ done: true, value: undefined });
    wake();
    await expect.poll(() => isOver).toBe(true);
  });

  it("ignores writes of the app after the end", async () => {
    const cookie = await login();
    const context = await opened(cookie);
    const target = new PassThrough().resume();
    attachStream(context.session, target);
    await context.commit();
    await logout(cookie);
    await new Promise((resolve) => target.once("end", resolve));
    expect(target.write("late")).toBe(false);
    target.end();
  });

  it("throws for a value that is not a stream, and for a copy of a session", async () => {
    const context = await opened(await login());
    expect(() => attachStream(context.session, {} as never)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
    expect(() => attachStream({ ...context.session }, new ReadableStream())).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_A_SESSION" }),
    );
  });
});
