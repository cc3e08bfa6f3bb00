import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { sessionStore } from "../store/custom.ts";
import { memoryStore } from "../store/memory.ts";
import { createSessions } from "../sessions.ts";
import { destroy } from "../session/functions.ts";
import { attachStream, type StreamTarget } from "./stream.ts";
import { update } from "./update.ts";

const sessions = createSessions<{ user: string; seen: number }>({
  secretKey: "a key for the tests of streams, long enough",
  store: memoryStore(),
  onEvent: () => undefined,
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

  it("throws if the session's store failed, because the stream would outlive the session", async () => {
    const cookie = await login();
    const get = () => Promise.reject(new Error("connection lost"));
    const store = { isLocal: false, get, replace: () => undefined };
    const failing = createSessions({
      secretKey: "a key for the tests of streams, long enough",
      store: sessionStore(store),
      onEvent: () => undefined,
    });
    const context = failing.open(cookie);
    await context.load();
    for (const stream of [new ReadableStream(), new PassThrough(), new Response("text")]) {
      expect(() => attachStream(context.session, stream)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_STORE" }),
      );
    }
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

  describe("of a stream that ends by itself", () => {
    /** Ties a stream. Returns how many changes of its session it heard of, after one more. */
    async function tied<Stream extends StreamTarget>(stream: Stream) {
      const cookie = await login();
      const context = await opened(cookie);
      let heard = 0;
      const attached = attachStream(context.session, stream, { changed: () => (heard += 1) });
      const hears = async () => {
        const other = await opened(cookie);
        other.session.seen = Math.random();
        await other.commit();
        return heard;
      };
      return { attached, context, cookie, hears };
    }

    it("leaves the session: a response of Node, also before it begins", async () => {
      const target = new PassThrough();
      const { context, hears } = await tied(target);
      await context.commit();
      expect(await hears()).toBe(1);
      target.destroy();
      await new Promise((resolve) => target.once("close", resolve));
      expect(await hears()).toBe(1);
      const early = new PassThrough();
      const late = await tied(early);
      early.destroy();
      await new Promise((resolve) => early.once("close", resolve));
      await late.context.commit();
      expect(await late.hears()).toBe(0);
    });

    it("leaves the session: a web stream at its end, after an error, and when it is cancelled", async () => {
      const ended = await tied(new ReadableStream({ start: (source) => source.close() }));
      const broken = await tied(new ReadableStream({ start: (source) => source.error("no") }));
      const reasons: unknown[] = [];
      const stopped = await tied(new ReadableStream({ cancel: (why) => void reasons.push(why) }));
      for (const { context } of [ended, broken, stopped]) await context.commit();
      expect(await ended.attached.getReader().read()).toMatchObject({ done: true });
      await expect(broken.attached.getReader().read()).rejects.toBe("no");
      await stopped.attached.cancel("enough");
      expect(reasons).toEqual(["enough"]);
      expect([await ended.hears(), await broken.hears(), await stopped.hears()]).toEqual([0, 0, 0]);
    });

    it("leaves the session: an iterable at its end, after an error, and when it is left", async () => {
      async function* numbers() {
        yield 1;
      }
      const failing = { next: () => Promise.reject(new Error("broken")) };
      const endless = { next: () => Promise.resolve({ done: false, value: 1 }) };
      const iterable = (iterator: object) => ({
        [Symbol.asyncIterator]: () => iterator as AsyncIterator<unknown>,
      });
      const ended = await tied(numbers());
      const broken = await tied(iterable(failing));
      const left = await tied(iterable(endless));
      for (const { context } of [ended, broken, left]) await context.commit();
      const seen: unknown[] = [];
      for await (const each of ended.attached) seen.push(each);
      await expect(broken.attached[Symbol.asyncIterator]().next()).rejects.toThrow("broken");
      const steps = left.attached[Symbol.asyncIterator]();
      expect(await steps.next()).toEqual({ done: false, value: 1 });
      expect(await steps.return?.("left")).toEqual({ done: true, value: "left" });
      expect(seen).toEqual([1]);
      expect([await ended.hears(), await broken.hears(), await left.hears()]).toEqual([0, 0, 0]);
    });

    it("leaves the session: a stream with close and onClosed", async () => {
      const stream = closable();
      const { attached, context, hears } = await tied(stream);
      expect(attached).toBe(stream);
      await context.commit();
      expect(await hears()).toBe(1);
      stream.leave();
      expect(await hears()).toBe(1);
    });
  });

  /** A stream such as that of h3. */
  function closable() {
    let leave = () => {};
    return {
      closed: 0,
      close(): void {
        this.closed += 1;
      },
      onClosed: (listener: () => void) => void (leave = listener),
      leave: () => leave(),
    };
  }

  it("closes a stream with close and onClosed once, and not if it closed in the same turn", async () => {
    const cookie = await login();
    const context = await opened(cookie);
    const [one, two] = [closable(), closable()];
    attachStream(context.session, one);
    attachStream(context.session, two);
    one.close = () => {
      one.closed += 1;
      two.leave();
    };
    await context.commit();
    await logout(cookie);
    await new Promise(setImmediate);
    expect([one.closed, two.closed]).toEqual([1, 0]);
  });

  it("ends an iterable between two steps, also one without return", async () => {
    const cookie = await login();
    const context = await opened(cookie);
    const source = { next: () => Promise.resolve({ done: false, value: 1 }) };
    const steps = attachStream(context.session, {
      [Symbol.asyncIterator]: () => source as AsyncIterator<unknown>,
    });
    await context.commit();
    await logout(cookie);
    await new Promise(setImmediate);
    expect(await steps[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  it("passes on what an iterable returns when it is left", async () => {
    const context = await opened(await login());
    async function* numbers() {
      try {
        yield 1;
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- its value must arrive
        return "cleaned up";
      }
    }
    const steps = attachStream(context.session, numbers())[Symbol.asyncIterator]();
    await steps.next();
    expect(await steps.return?.("left" as never)).toEqual({ done: true, value: "cleaned up" });
  });

  it("takes over what is piped into a response, and leaves what no longer is", async () => {
    const cookie = await login();
    const context = await opened(cookie);
    const target = new PassThrough().resume();
    attachStream(context.session, target);
    const [piped, unpiped] = [new PassThrough(), new PassThrough()];
    unpiped.pipe(target);
    unpiped.unpipe(target);
    piped.pipe(target);
    await context.commit();
    await logout(cookie);
    await new Promise((resolve) => target.once("end", resolve));
    expect([piped.destroyed, unpiped.destroyed]).toEqual([true, false]);
    expect(target.end()).toBe(target);
  });

  it("reads a web stream only when its reader does", async () => {
    const context = await opened(await login());
    let pulls = 0;
    const source = new ReadableStream(
      { pull: (controller) => controller.enqueue((pulls += 1)) },
      { highWaterMark: 0 },
    );
    const reader = attachStream(context.session, source).getReader();
    await new Promise(setImmediate);
    expect(pulls).toBe(0);
    expect(await reader.read()).toEqual({ done: false, value: 1 });
    expect(pulls).toBe(1);
  });

  it("returns a response without a body as it is, and keeps status and headers of others", async () => {
    const context = await opened(await login());
    const empty = new Response(null, { status: 204 });
    expect(attachStream(context.session, empty)).toBe(empty);
    const full = new Response("body", { status: 201, headers: { "x-a": "1" } });
    const attached = attachStream(context.session, full);
    expect([attached.status, attached.headers.get("x-a"), await attached.text()]).toEqual([
      201,
      "1",
      "body",
    ]);
  });

  it("of a request without a session leaves the session as after any response", async () => {
    const context = await opened("");
    attachStream(context.session, new ReadableStream());
    await context.commit();
    await expect(update(context.session, () => undefined)).rejects.toMatchObject({
      code: "ERR_SESSION_COMMITTED",
    });
  });

  it("throws for a value that is not a stream, and for a copy of a session", async () => {
    const context = await opened(await login());
    const others = [{}, { write: () => true }, { end: () => true }, Readable.from(["a source"])];
    for (const other of others) {
      expect(() => attachStream(context.session, other as never)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
      );
    }
    expect(() => attachStream({ ...context.session }, new ReadableStream())).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_A_SESSION" }),
    );
  });
});
