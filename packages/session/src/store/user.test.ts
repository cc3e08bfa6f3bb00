import { expect, it } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { update } from "../live/update.ts";
import { memoryStore } from "./memory.ts";
import { assertSubject, assertUser, assertValue, findUser, findValue } from "./user.ts";

const SUBJECT = { code: "ERR_SESSION_SUBJECT" };

it.each([undefined, null, "", Number.NaN, Number.POSITIVE_INFINITY, {}, [], true])(
  "revokeAll(%s) throws instead of ending nothing",
  async (user) => {
    const { sessions } = start({ store: memoryStore(), subject: "userId" });
    await expect(sessions.revokeAll(user as never)).rejects.toMatchObject(SUBJECT);
  },
);

it.each([[["ada"]], [{ id: 1 }], [true], [false]])(
  "a commit throws for the user id %j, which revokeAll could not name",
  async (userId) => {
    const { sessions } = start({ store: memoryStore(), subject: "userId" });
    const jar = new Jar();
    await jar.request(sessions, (session) => (session["n"] = 1));
    const login = () => jar.request(sessions, (session) => (session["userId"] = userId));
    await expect(login()).rejects.toMatchObject(SUBJECT);
    const socket = await jar.socket(sessions);
    const change = update(socket.session, (draft) => void (draft["userId"] = userId));
    await expect(change).rejects.toMatchObject(SUBJECT);
  },
);

it("a commit throws when the option `subject` is a path into the data", async () => {
  const { sessions } = start({ store: memoryStore(), subject: "user.id" });
  const login = new Jar().request(sessions, (session) => (session["user"] = { id: 1 }));
  await expect(login).rejects.toMatchObject(SUBJECT);
  // A field with a dot in its name is a plain field.
  const jar = new Jar();
  await jar.request(sessions, (session) => (session["user.id"] = "ada"));
  await sessions.revokeAll("ada");
  expect(await jar.read(sessions)).toEqual({});
});

it("a user is a string or number at the top of the data", () => {
  expect(findUser({ user: "ada" }, "user")).toBe("ada");
  expect(findUser({ user: 0 }, "user")).toBe(0);
  for (const user of ["", null, undefined, true, {}, Number.NaN]) {
    expect(findUser({ user }, "user")).toBeUndefined();
  }
  expect(findUser({}, "toString")).toBeUndefined();
  expect(findUser({ user: { id: 1 } }, "user.id")).toBeUndefined();
});

it("a field of findBy may be a path into the data", () => {
  const data = { org: { id: "acme", none: null, size: 0, list: [1] }, "a.b": 1, text: "word" };
  const found = ["org.id", "org.size", "org.list.0"].map((path) => findValue(data, path));
  expect(found).toEqual(["acme", 0, 1]);
  const missing = [
    "org",
    "org.none",
    "org.none.x",
    "org.x.y",
    "a.b",
    "text.length",
    "x",
    "org.id.x",
  ];
  for (const path of missing) expect([path, findValue(data, path)]).toEqual([path, undefined]);
});

it("a field of findBy holds a value that endWhere accepts, or none", () => {
  for (const id of ["acme", 0, "", null, undefined]) {
    expect(() => assertValue({ org: { id } }, "org.id")).not.toThrow();
  }
  expect(() => assertValue({ org: null }, "org.id")).not.toThrow();
  for (const id of [true, {}, [], Number.NaN]) {
    expect(() => assertValue({ org: { id } }, "org.id")).toThrow(
      expect.objectContaining({
        ...SUBJECT,
        message: expect.stringContaining('"org.id"') as string,
      }),
    );
  }
});

it("the option `subject` is only told from a path that leads to a value", () => {
  const path =
    (data: object, subject = "user.id") =>
    () =>
      assertSubject(data, subject);
  expect(path({ user: { id: 1 } })).toThrow(expect.objectContaining(SUBJECT));
  expect(path({ user: { id: "" } })).toThrow(expect.objectContaining(SUBJECT));
  expect(path({ a: { b: { c: 1 } } }, "a.b.c")).toThrow(expect.objectContaining(SUBJECT));
  const none = [{}, { user: {} }, { user: null }, { user: "ada" }, { user: { id: null } }];
  for (const data of [...none, { user: { id: undefined } }]) expect(path(data)).not.toThrow();
  expect(path({ user: "ada" }, "user.length")).not.toThrow();
  expect(path({ "user.id": "ada", user: { id: 1 } })).not.toThrow();
});

it("a message names the field or the argument that is no user id", () => {
  expect(() => assertSubject({ userId: true }, "userId")).toThrow(/"userId"/);
  expect(() => assertUser(true)).toThrow(/user id/);
});

it.each([undefined, null, ""])(
  "a user id of %j counts as none, and can be saved",
  async (userId) => {
    const { sessions } = start({ store: memoryStore(), subject: "userId" });
    const jar = new Jar();
    await jar.request(sessions, (session) => Object.assign(session, { n: 1, userId }));
    expect(await jar.read(sessions)).toMatchObject({ n: 1 });
  },
);
