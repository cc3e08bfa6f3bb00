import Keyv from "keyv";
import { describe, expect, it } from "vitest";
import {
  destroy,
  memoryStore,
  update,
  type SessionOptions,
} from "../packages/session/src/index.ts";
import { Jar, start } from "./support/jar.ts";

const PAIRS = 1000;

const KINDS: readonly [string, () => Partial<SessionOptions>][] = [
  ["the cookie alone", () => ({})],
  ["a memory store", () => ({ store: memoryStore() })],
  ["the data in a memory store", () => ({ store: memoryStore(), storage: "store" })],
  ["Keyv", () => ({ store: new Keyv() })],
  ["the data in Keyv", () => ({ store: new Keyv(), storage: "store" })],
];

describe.each(KINDS)("with %s", (_name, options) => {
  /**
   * Two overlapping requests of one session, in the order in which a browser may see their answers.
   */
  async function race(made: ReturnType<typeof start>, keys: readonly [string, string], i: number) {
    const { sessions } = made;
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = i));
    const contexts = [await jar.open(sessions), await jar.open(sessions)] as const;
    contexts[0].session[keys[0]] = "one";
    contexts[1].session[keys[1]] = "two";
    const commits = await Promise.all([contexts[0].commit(), contexts[1].commit()]);
    const order = i % 2 === 0 ? commits : commits.toReversed();
    for (const { setCookie } of order) jar.take(setCookie);
    return jar.read(sessions);
  }

  it(`of ${PAIRS} pairs that change different keys no change is lost`, async () => {
    const made = start(options());
    const all = Array.from({ length: PAIRS }, (_, i) => race(made, ["a", "b"], i));
    for (const [i, data] of (await Promise.all(all)).entries()) {
      expect(data).toEqual({ n: i, a: "one", b: "two" });
    }
    expect(made.types()).not.toContain("conflict");
  });

  it(`of ${PAIRS} pairs that change the same key the later wins, with an event for every conflict`, async () => {
    const made = start(options());
    const all = Array.from({ length: PAIRS }, (_, i) => race(made, ["a", "a"], i));
    for (const [i, data] of (await Promise.all(all)).entries()) {
      expect(data).toEqual({ n: i, a: "two" });
    }
    const conflicts = made.events.filter(({ type }) => type === "conflict");
    expect(conflicts).toHaveLength(PAIRS);
    expect(conflicts.every(({ keys }) => keys?.join() === "a")).toBe(true);
  });

  it("of many overlapping requests of one session every change holds", async () => {
    const { sessions } = start(options());
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 0));
    const contexts = await Promise.all(Array.from({ length: 60 }, () => jar.open(sessions)));
    for (const [i, { session }] of contexts.entries()) session[`k${i}`] = i;
    await Promise.all(contexts.map((context) => jar.finish(context)));
    expect(Object.keys(await jar.read(sessions))).toHaveLength(61);
  });

  it("no request that runs while a session is destroyed revives it", async () => {
    const { sessions } = start(options());
    for (let i = 0; i < 100; i += 1) {
      const jar = new Jar();
      await jar.request(sessions, (session) => (session["user"] = "ada"));
      const [copy, late] = [jar.copy(), jar.copy()];
      const slow = await jar.open(sessions);
      slow.session["slow"] = true;
      const end = await jar.open(sessions);
      destroy(end.session);
      const writing = i % 2 === 0 ? [end, slow] : [slow, end];
      await Promise.all(writing.map((context) => late.finish(context)));
      expect(await copy.read(sessions)).toEqual({});
      if (late.cookie !== "") expect(await late.read(sessions)).toEqual({});
    }
  });
});

describe("Keyv itself", () => {
  it("keeps revocations as long as cookies last, and sessions, sockets' changes included", async () => {
    const keyv = new Keyv();
    const [one, two] = [start({ store: keyv }), start({ store: keyv })];
    const jar = new Jar();
    await jar.request(one.sessions, (session) => (session["n"] = 1));
    const socket = await jar.socket(one.sessions);
    await update(socket.session, (draft) => (draft["n"] = 2));
    expect(await jar.read(two.sessions)).toEqual({ n: 2 });
    const copy = jar.copy();
    await jar.request(two.sessions, (session) => destroy(session));
    expect(await copy.read(one.sessions)).toEqual({});
    expect(await copy.read(start({ store: keyv }).sessions)).toEqual({});
  });

  it("a failure is reported as for every other store", async () => {
    const failing = new Map<string, unknown>();
    failing.get = () => {
      throw new Error("disk");
    };
    const keyv = new Keyv({ store: failing, throwOnErrors: true });
    const jar = new Jar();
    await jar.request(start().sessions, (session) => (session["n"] = 1));
    const made = start({ store: keyv });
    const context = await jar.open(made.sessions);
    expect(() => context.session["n"]).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_STORE", status: 503 }),
    );
    expect(made.types()).toContain("store");
  });
});
