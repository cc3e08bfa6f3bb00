import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { Jar, start } from "@galleta/test-support/jar";
import { commitOf, visit, type Anything } from "@galleta/test-support/sessions";
import { memoryStore } from "../store/memory.ts";
import type { SessionContext } from "./context.ts";
import type { StoredFormat } from "./format.ts";
import {
  describe as describeSession,
  destroy,
  flash,
  label,
  renew,
  setMaxAge,
} from "./functions.ts";
import type { DevicePort } from "./ports.ts";

const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const login = (options: Parameters<typeof start>[0] = {}) => {
  const started = start(options);
  const { cookie } = visit(started.sessions, "", (session) => (session["user"] = "ana"));
  return { ...started, cookie };
};

it("accessed is true from the first use of the session", () => {
  const { sessions } = start();
  const context = sessions.open("");
  expect(context.accessed).toBe(false);
  void context.session;
  expect(context.accessed).toBe(true);
});

describe("isChanged", () => {
  it.each<[boolean, string, (session: Anything) => void]>([
    [false, "nothing was changed", (session) => void session["user"]],
    [
      false,
      "a change was taken back",
      (session) => {
        session["user"] = "eva";
        session["user"] = "ana";
      },
    ],
    [true, "a key changed", (session) => (session["n"] = 1)],
    [true, "a key was deleted", (session) => delete session["user"]],
    [true, "a message was stored", (session) => flash(session, "notice", "Hello")],
    [true, "the session was renewed", (session) => renew(session)],
    [true, "the session was destroyed", (session) => destroy(session)],
  ])("is %s if %s", (isChanged, _, change) => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie);
    expect(context.isChanged).toBe(false);
    change(context.session);
    expect(context.isChanged).toBe(isChanged);
  });

  it("is true for a new session with data only", () => {
    const context = start().sessions.open("");
    void context.session;
    expect(context.isChanged).toBe(false);
    context.session["user"] = "ana";
    expect(context.isChanged).toBe(true);
  });
});

describe("a response that no user sees", () => {
  it.each([
    [{ method: "HEAD" }, true],
    [{ headers: { "sec-purpose": "prefetch" } }, true],
    [{ headers: { "sec-purpose": " Prefetch;prerender" } }, true],
    [{ headers: { purpose: "prefetch" } }, true],
    [{ headers: { "x-moz": "prefetch" } }, true],
    [{ headers: { "sec-purpose": "no prefetch" } }, false],
    [{ headers: { "sec-purpose": "prefetching" } }, false],
    [{ method: "POST" }, false],
    [{}, false],
  ])("leaves a message for the next: %j %s", (words, isUnseen) => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => flash(session, "notice", "Hello"));
    const context = sessions.open(cookie, facts(words));
    expect(context.isUnseen).toBe(isUnseen);
    expect(flash(context.session, "notice")).toBe("Hello");
    expect(flash(context.session, "notice")).toBe(isUnseen ? "Hello" : undefined);
  });
});

describe("afterCommit", () => {
  it("calls its listeners once, with the commit, in order", () => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie);
    const called: string[] = [];
    void context.session["user"];
    context.afterCommit(() => called.push("first"));
    context.afterCommit(() => called.push("second"));
    expect(called).toEqual([]);
    commitOf(context);
    commitOf(context);
    expect(called).toEqual(["first", "second"]);
    context.afterCommit(() => called.push("late"));
    expect(called).toEqual(["first", "second", "late"]);
  });
});

describe("startAnew", () => {
  it("ends the session, and leaves its data in the old object, which can no longer be changed", () => {
    const { sessions, cookie, types } = login();
    const context = sessions.open(cookie);
    const { session: old } = context;
    const { id } = describeSession(old);
    context.startAnew();
    expect(context.session).not.toBe(old);
    expect([{ ...old }, { ...context.session }]).toEqual([{ user: "ana" }, {}]);
    expect(describeSession(old).id).toBe(id);
    expect(describeSession(context.session).id).not.toBe(id);
    expect(() => (old["n"] = 1)).toThrow(code("ERR_SESSION_ENDED"));
    expect(() => renew(old)).toThrow(code("ERR_SESSION_ENDED"));
    context.session["user"] = "eva";
    const [line] = commitOf(context).setCookie;
    visit(sessions, line?.split(";")[0] ?? "", (session) => {
      expect({ ...session }).toEqual({ user: "eva" });
    });
    expect(types()).toEqual(["created", "destroyed", "created"]);
  });

  it("twice ends the first session once, and keeps what to clear", () => {
    const { sessions, cookie, types } = login();
    const context = sessions.open(cookie);
    destroy(context.session, { clearSiteData: ["cache"] });
    context.startAnew();
    context.startAnew();
    expect(commitOf(context)).toMatchObject({
      setCookie: [expect.stringMatching(/^session=; Max-Age=0/)],
      clearSiteData: '"cache"',
    });
    expect(types()).toEqual(["created", "destroyed"]);
  });

  it("ends a session whose store fails, by its cookie", async () => {
    const store = memoryStore();
    const { sessions } = start({ store });
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["user"] = "ana"));
    Object.assign(store, {
      isLocal: false,
      get: () => Promise.reject(new Error("connection lost")),
    });
    const other = start({ store }).sessions;
    const context = await jar.open(other);
    expect(() => context.session["user"]).toThrow(code("ERR_SESSION_STORE"));
    context.startAnew();
    expect({ ...context.session }).toEqual({});
    expect(await jar.finish(context)).toEqual([expect.stringMatching(/^session=; Max-Age=0/)]);
  });

  it("throws after the commit", () => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie);
    void context.session;
    commitOf(context);
    expect(() => context.startAnew()).toThrow(code("ERR_SESSION_COMMITTED"));
  });
});

describe("load", () => {
  const counted = () => {
    const store = memoryStore();
    const counts = { asked: 0 };
    const { get } = store;
    Object.assign(store, {
      isLocal: false,
      get: async (keys: readonly string[]) => {
        counts.asked += 1;
        return get.call(store, keys);
      },
    });
    return { store, counts };
  };

  it("asks the store once, and not at all for a session without a cookie or a rejected one", async () => {
    const { store, counts } = counted();
    const jar = new Jar();
    await jar.request(start({ store }).sessions, (session) => void (session["user"] = "ana"));
    const { sessions } = start({ store });
    expect(sessions.open("").load()).toBeUndefined();
    expect(sessions.open("session=rejected").load()).toBeUndefined();
    counts.asked = 0;
    const context = sessions.open(jar.cookie);
    await context.load();
    expect(context.load()).toBeUndefined();
    expect({ ...context.session }).toEqual({ user: "ana" });
    expect(context.load()).toBeUndefined();
    expect(counts.asked).toBe(1);
  });

  it("throws where another framework's store failed, and a logout deletes its cookie", async () => {
    const lost = new Error("connection lost");
    const format: StoredFormat = {
      name: "stored",
      cookieNames: ["other", "third"],
      isGenuine: () => true,
      load: () => Promise.reject(lost),
    };
    const { sessions } = start({ formats: [format] });
    const context = await new Jar("other=1").open(sessions);
    expect(() => context.session["user"]).toThrow(lost);
    destroy(context.session);
    const { setCookie } = await context.commit();
    expect(setCookie).toEqual([expect.stringMatching(/^other=; Max-Age=0/)]);
  });
});

it("save of an untouched session does nothing", () => {
  const { sessions, cookie, events } = login();
  events.length = 0;
  expect(sessions.open(cookie).save()).toMatchObject({ accessed: false, setCookie: [] });
  expect(events).toEqual([]);
});

describe("handshakeSent", () => {
  it("throws before the commit, and decides what a late write is told, also after another commit", () => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie, facts({ method: "HEAD" }));
    expect(() => context.handshakeSent()).toThrow(/Commit/);
    void context.session;
    commitOf(context);
    expect(() => (context.session["n"] = 1)).toThrow(code("ERR_SESSION_COMMITTED"));
    context.handshakeSent();
    commitOf(context);
    expect(() => (context.session["n"] = 1)).toThrow(code("ERR_SESSION_HANDSHAKE_SENT"));
    expect(context.isUnseen).toBe(false);
  });
});

describe("the device of a session", () => {
  const device = { key: "a thumbprint", since: 1, until: 2_000_000_000 };

  it("is forgotten when the session is renewed, and nothing else is", () => {
    const { sessions, cookie } = login();
    const bound = visit(sessions, cookie, (session, context) => {
      label(session, "A phone");
      context.changeMeta((meta) => void (meta.device = device));
    });
    visit(sessions, bound.cookie, (session, context) => {
      expect(context.state.meta.device).toEqual(device);
      renew(session);
      expect(context.state.meta).toEqual({ label: "A phone" });
    });
    visit(sessions, cookie, (session, context) => {
      const before = context.state.meta;
      renew(session);
      expect(context.state.meta).toBe(before);
    });
  });

  it("is judged when the session is opened, unless it is skipped, and adds to the response", () => {
    const { sessions, cookie } = login();
    const judged: string[] = [];
    const port: DevicePort = {
      judge: (loaded, header) => {
        judged.push(header);
        return { ...loaded, device: "stale" };
      },
      headersFor: () => ({
        headers: { "secure-session-registration": "(ES256)" },
        setCookie: ["device=1"],
      }),
    };
    sessions.shared.device = port;
    const open = (use: (context: SessionContext<Anything>) => void = () => undefined) => {
      const context = sessions.open(cookie);
      use(context);
      return describeSession(context.session).deviceBound;
    };
    expect([open(), open((context) => context.skipDevice())]).toEqual(["stale", "none"]);
    expect(judged).toEqual([cookie]);
    const { commit } = visit(sessions, cookie, (session) => (session["n"] = 1));
    expect(commit.setCookie).toEqual([expect.stringMatching(/^session=/), "device=1"]);
  });
});

it("a session's state shows nothing of it to a debugger", () => {
  const { sessions, cookie } = login();
  const { session, state } = sessions.open(cookie);
  expect(inspect(state)).toBe("State {}");
  const shown = inspect(session, { showProxy: true, showHidden: true, depth: 9 });
  expect(shown).not.toContain(cookie.slice("session=".length));
});

it("a session with only a message is not migrated to the schema", () => {
  const schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: object) =>
        "user" in value ? { value } : { issues: [{ message: "no user" }] },
    },
  } as never;
  const { sessions, types } = start({ schema });
  const { cookie } = visit(
    sessions,
    "",
    (session) => setMaxAge(session, 60) ?? flash(session, "a", "b"),
  );
  expect(visit(sessions, cookie).commit.setCookie).toEqual([]);
  expect(types()).toEqual(["created"]);
});
