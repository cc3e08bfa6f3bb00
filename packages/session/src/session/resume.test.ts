import { describe as suite, expect, it } from "vitest";
import { createSessions } from "../sessions.ts";
import { memoryStore } from "../store/memory.ts";
import type { Commit } from "../cookie/headers.ts";
import { describe, destroy, renew } from "./functions.ts";

const secretKey = "a key for saving several times, long enough for all";
type Data = Record<string, unknown>;

const headerOf = ({ cookies }: Commit) =>
  cookies
    .filter(({ value }) => value !== "")
    .map(({ name, value }) => `${name}=${value}`)
    .join("; ");

it("deletes a chunk once that is no longer needed", () => {
  const sessions = createSessions<Data>({ secretKey, chunks: 16_384 });
  const context = sessions.open("");
  const saved = (data: Data) => {
    Object.assign(context.session, data);
    return (context.save() as Commit).cookies.map(({ name, value }) => [name, value !== ""]);
  };
  expect(saved({ a: "x".repeat(5000) })).toEqual([
    ["session", true],
    ["session.1", true],
  ]);
  expect(saved({ a: "x" })).toEqual([
    ["session", true],
    ["session.1", false],
  ]);
  expect(saved({ a: "y" })).toEqual([["session", true]]);
});

suite.each([
  ["with the cookie alone", {}],
  ["with a store", { store: true }],
  ["with the data in the store", { store: true, storage: "store" as const }],
])("save, %s,", (_what, { store, ...more }: { store?: boolean; storage?: "store" }) => {
  const create = () =>
    createSessions<Data>({ secretKey, ...more, ...(store && { store: memoryStore() }) });

  async function read(sessions: ReturnType<typeof create>, header: string): Promise<Data> {
    const context = sessions.open(header);
    await context.load();
    return { ...context.session };
  }

  it("returns a cookie each time, and the last one has everything", async () => {
    const sessions = create();
    const context = sessions.open("");
    context.session["step"] = 1;
    const first = await context.save();
    expect(await read(sessions, headerOf(first))).toEqual({ step: 1 });
    context.session["step"] = 2;
    context.session["more"] = { nested: true };
    const second = await context.save();
    expect(await read(sessions, headerOf(second))).toEqual({ step: 2, more: { nested: true } });
    (context.session["more"] as Data)["nested"] = false;
    const last = await context.commit();
    expect(await read(sessions, headerOf(last))).toEqual({ step: 2, more: { nested: false } });
  });

  it("returns nothing if nothing changed since", async () => {
    const context = create().open("");
    context.session["step"] = 1;
    expect((await context.save()).setCookie).toHaveLength(1);
    expect((await context.save()).setCookie).toEqual([]);
    expect((await context.commit()).setCookie).toEqual([]);
  });

  it("keeps changes that another request made meanwhile", async () => {
    const sessions = create();
    const context = sessions.open("");
    context.session["ours"] = 1;
    const header = headerOf(await context.save());
    const other = sessions.open(header);
    await other.load();
    other.session["theirs"] = 1;
    await other.commit();
    context.session["ours"] = 2;
    const second = await context.save();
    expect(await read(sessions, headerOf(second))).toEqual({ ours: 2, theirs: 1 });
    context.session["ours"] = 3;
    const last = await context.commit();
    expect(await read(sessions, headerOf(last))).toEqual({ ours: 3, theirs: 1 });
  });

  it("adopts what another request changed and deleted, except for own changes since", async () => {
    const sessions = create();
    const context = sessions.open("");
    Object.assign(context.session, { changed: 1, deleted: 1, own: 1 });
    const header = headerOf(await context.save());
    const other = sessions.open(header);
    await other.load();
    Object.assign(other.session, { changed: 2, own: 2 });
    delete other.session["deleted"];
    await other.commit();
    context.session["n"] = 1;
    const saving = context.save();
    context.session["own"] = 3;
    await saving;
    const expected = { changed: 2, own: 3, n: 1 };
    expect({ ...context.session }).toStrictEqual(expected);
    context.session["n"] = 2;
    expect(await read(sessions, headerOf(await context.commit()))).toEqual({ ...expected, n: 2 });
  });

  it("renews after a save, and ends the saved session", async () => {
    const sessions = create();
    const context = sessions.open("");
    context.session["name"] = "ana";
    const before = headerOf(await context.save());
    const { id } = describe(context.session);
    renew(context.session);
    const after = headerOf(await context.commit());
    expect(describe(context.session).id).not.toBe(id);
    expect(await read(sessions, after)).toEqual({ name: "ana" });
    if (store) expect(await read(sessions, before)).toEqual({});
  });

  it("destroys the saved session, and starts a new one", async () => {
    const sessions = create();
    const context = sessions.open("");
    context.session["name"] = "ana";
    const before = headerOf(await context.save());
    destroy(context.session);
    expect((await context.save()).cookies).toMatchObject([{ name: "session", value: "" }]);
    context.session["farewell"] = true;
    const last = headerOf(await context.commit());
    expect(await read(sessions, last)).toEqual({ farewell: true });
    if (store) expect(await read(sessions, before)).toEqual({});
  });

  it.each<[string, (session: Data) => void]>([
    ["destroyed", (session) => destroy(session)],
    ["emptied", (session) => delete session["name"]],
  ])("deletes the cookie of a session that was %s once", async (_, end) => {
    const sessions = create();
    const context = sessions.open("");
    context.session["name"] = "ana";
    await context.save();
    end(context.session);
    expect((await context.save()).setCookie).toHaveLength(1);
    expect((await context.save()).setCookie).toEqual([]);
    destroy(context.session);
    expect((await context.commit()).setCookie).toEqual([]);
  });

  it("throws after the commit", async () => {
    const context = create().open("");
    context.session["step"] = 1;
    await context.commit();
    expect(() => context.save()).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }) as Error,
    );
  });

  it("may be tried again after a failure", async () => {
    const sessions = create();
    const context = sessions.open("");
    context.session["bad"] = () => 1;
    await expect((async () => context.save())()).rejects.toMatchObject({
      code: "ERR_SESSION_NOT_JSON",
    });
    delete context.session["bad"];
    context.session["step"] = 1;
    expect(await read(sessions, headerOf(await context.commit()))).toEqual({ step: 1 });
  });
});
