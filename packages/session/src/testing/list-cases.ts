import { strict as assert } from "node:assert";
import type { Sessions } from "../engine.ts";
import { SessionError } from "../errors.ts";
import { destroy, label } from "../session/functions.ts";
import { createSessions, type CreateSessionsOptions } from "../sessions.ts";
import { revokeOthers } from "../store/revoke.ts";
import type { SessionStore } from "../store/store.ts";

type Open = () => SessionStore | Promise<SessionStore>;
type Data = Record<string, unknown>;
type Process = Sessions<Data>;

/** Makes the `Sessions` object of one process, with its own connection to the shared store. */
async function start(open: Open, options: Partial<CreateSessionsOptions> = {}): Promise<Process> {
  return createSessions<Data>({
    secretKey: "a key that only the tests of stores use",
    store: await open(),
    subject: "user",
    findBy: ["provider.sid"],
    // Databases in CI are slow at times.
    storeTimeout: 30,
    onEvent: () => undefined,
    ...options,
  });
}

const pair = async (open: Open, options?: Partial<CreateSessionsOptions>) =>
  [await start(open, options), await start(open, options)] as const;

let count = 0;
const newUser = () => `user-${process.pid}-${Date.now().toString(36)}-${(count += 1)}`;

/** Runs a handler in a request with this cookie. Returns the cookie that the browser then has. */
async function visit(
  sessions: Process,
  cookie: string,
  handler: (session: Data) => unknown,
): Promise<string> {
  const context = sessions.open(cookie);
  await context.load();
  await handler(context.session);
  const [line] = (await context.commit()).setCookie;
  return line === undefined ? cookie : line.slice(0, line.indexOf(";"));
}

const login = (sessions: Process, user: string, more: (session: Data) => void = () => undefined) =>
  visit(sessions, "", (session) => {
    session["user"] = user;
    more(session);
  });

/**
 * Returns the user id in the session of each cookie, read by a new `Sessions` object, which
 * remembers no sessions.
 */
async function usersOf(
  open: Open,
  cookies: readonly string[],
  options: Partial<CreateSessionsOptions> = {},
): Promise<unknown[]> {
  const fresh = await start(open, options);
  const users: unknown[] = [];
  for (const cookie of cookies) {
    await visit(fresh, cookie, (session) => users.push(session["user"]));
  }
  return users;
}

/**
 * Options that keep the data in the store. Tests without them keep the data in the cookie, the
 * default. Lists of sessions must be right in both cases.
 */
const IN_STORE = { storage: "store" } as const;

const handlesOf = async (sessions: Process, user: string) =>
  (await sessions.list(user)).map(({ handle }) => handle);

/** Tests of a store through `sessions.list`, `sessions.end`, `endWhere` and `maxSessions`. */
export const LIST_CASES: Record<string, (open: Open) => Promise<void>> = {
  "each login is listed, with its label, in every process": async (open) => {
    const [one, two] = await pair(open);
    const user = newUser();
    const first = await login(one, user, (session) => void label(session, "Phone ü€😀"));
    await login(two, user);
    const labels = async () => (await two.list(user)).map((each) => each.label ?? "");
    assert.deepEqual((await labels()).toSorted(), ["", "Phone ü€😀"]);
    await visit(two, first, async (session) => {
      const [mine, ...more] = (await two.list(session)).filter(({ current }) => current);
      assert.equal(more.length, 0);
      assert.equal(mine?.label, "Phone ü€😀");
      label(session, "Tablet");
    });
    assert.deepEqual((await labels()).toSorted(), ["", "Tablet"]);
    assert.deepEqual(await one.list(newUser()), []);
  },
  "simultaneous logins in two processes are all listed": async (open) => {
    const [one, two] = await pair(open, IN_STORE);
    const user = newUser();
    await Promise.all(Array.from({ length: 10 }, (_, i) => login(i % 2 === 0 ? one : two, user)));
    assert.equal((await one.list(user)).length, 10);
  },
  "ending a session by its handle ends it in every process, and ends no other session": async (
    open,
  ) => {
    const [one, two] = await pair(open, IN_STORE);
    const user = newUser();
    const cookies = [await login(one, user), await login(two, user)];
    await visit(one, cookies[0]!, async (session) => {
      const other = (await one.list(session)).find(({ current }) => !current);
      assert.equal(await two.end(other!.handle), true);
      assert.equal(await one.end(other!.handle), false);
    });
    assert.deepEqual(await usersOf(open, cookies, IN_STORE), [user, undefined]);
    assert.equal((await two.list(user)).length, 1);
  },
  "a user cannot end another user's session by its handle": async (open) => {
    const [one, two] = await pair(open);
    const [ana, bob] = [newUser(), newUser()];
    const cookies = [await login(one, ana), await login(two, bob)];
    const [handle] = await handlesOf(two, ana);
    await visit(two, cookies[1]!, async (session) => {
      assert.equal(await two.end(handle!, { by: session }), false);
    });
    assert.deepEqual(await usersOf(open, cookies), [ana, bob]);
  },
  "a list that is read while sessions end has all valid sessions, and none that ended before":
    async (open) => {
      const [one, two] = await pair(open);
      const user = newUser();
      for (let i = 0; i < 8; i += 1) await login(one, user);
      const handles = await handlesOf(one, user);
      const [ending, staying] = [handles.slice(0, 4), handles.slice(4)];
      const ended = new Set<string>();
      const end = async (handle: string) => {
        assert.equal(await one.end(handle), true);
        ended.add(handle);
      };
      const ends = Promise.all(ending.map(end));
      for (let isOver = false; !isOver;) {
        isOver = ended.size === ending.length;
        const before = [...ended];
        const listed = await handlesOf(two, user);
        for (const handle of staying)
          assert.ok(listed.includes(handle), "a valid session is missing");
        for (const handle of before)
          assert.ok(!listed.includes(handle), "an ended session is listed");
        // Waits one turn, so that the ends run even if the store answers synchronously.
        await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, 1))]);
      }
      await ends;
      assert.deepEqual((await handlesOf(one, user)).toSorted(), staying.toSorted());
    },
  "a logout, revokeOthers and revokeAll take sessions off the list": async (open) => {
    const [one, two] = await pair(open, IN_STORE);
    const user = newUser();
    const cookies = [await login(one, user), await login(two, user), await login(one, user)];
    await visit(two, cookies[0]!, (session) => destroy(session));
    assert.equal((await one.list(user)).length, 2);
    await visit(one, cookies[1]!, async (session) => {
      await revokeOthers(session);
      const list = await two.list(session);
      assert.deepEqual(
        list.map(({ current }) => current),
        [true],
      );
    });
    assert.deepEqual(await usersOf(open, cookies, IN_STORE), [undefined, user, undefined]);
    await two.revokeAll(user);
    assert.deepEqual(await one.list(user), []);
    const later = await login(one, user);
    assert.equal((await two.list(user)).length, 1);
    assert.deepEqual(await usersOf(open, [later], IN_STORE), [user]);
  },
  "endWhere ends the sessions with a value in a field, and no others": async (open) => {
    const [one, two] = await pair(open, IN_STORE);
    const [user, sid] = [newUser(), newUser()];
    const atProvider = (value: string) => (session: Data) => {
      session["provider"] = { sid: value };
    };
    const cookies = [
      await login(one, user, atProvider(sid)),
      await login(two, user, atProvider(`${sid}-2`)),
      await visit(two, "", atProvider(sid)),
    ];
    assert.equal(await one.endWhere("provider.sid", sid), 2);
    assert.equal(await two.endWhere("provider.sid", sid), 0);
    assert.deepEqual(await usersOf(open, cookies, IN_STORE), [undefined, user, undefined]);
    assert.equal((await one.list(user)).length, 1);
  },
  "two simultaneous logins respect maxSessions, and end the oldest session": async (open) => {
    const [one, two] = await pair(open, { ...IN_STORE, maxSessions: 2 });
    const user = newUser();
    const first = await login(one, user);
    const cookies = await Promise.all([login(one, user), login(two, user)]);
    assert.equal((await one.list(user)).length, 2);
    assert.deepEqual(await usersOf(open, [first, ...cookies], IN_STORE), [undefined, user, user]);
  },
  'with over: "deny", maxSessions denies one of two simultaneous logins': async (open) => {
    const [one, two] = await pair(open, { maxSessions: { max: 2, over: "deny" } });
    const user = newUser();
    const first = await login(one, user);
    const results = await Promise.allSettled([login(one, user), login(two, user)]);
    const denied = results.filter((result) => result.status === "rejected");
    assert.deepEqual(
      denied.map(({ reason }) => reason instanceof SessionError && reason.code),
      ["ERR_SESSION_LIMIT"],
    );
    assert.equal((await two.list(user)).length, 2);
    assert.deepEqual(await usersOf(open, [first]), [user]);
  },
};
