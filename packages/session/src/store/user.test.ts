import { expect, it } from "vitest";
import { Jar, start } from "@galleta/test-support/jar";
import { update } from "../live/update.ts";
import { memoryStore } from "./memory.ts";

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

it.each([undefined, null, ""])(
  "a user id of %j counts as none, and can be saved",
  async (userId) => {
    const { sessions } = start({ store: memoryStore(), subject: "userId" });
    const jar = new Jar();
    await jar.request(sessions, (session) => Object.assign(session, { n: 1, userId }));
    expect(await jar.read(sessions)).toMatchObject({ n: 1 });
  },
);
