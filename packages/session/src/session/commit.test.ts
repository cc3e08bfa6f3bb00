import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { Jar, start } from "@galleta/test-support/jar";
import { commitOf, KEY, visit } from "@galleta/test-support/sessions";
import { starlette } from "../formats/starlette.ts";
import { sessionStore } from "../store/custom.ts";
import { memoryStore } from "../store/memory.ts";
import type { Write } from "../store/store.ts";
import { destroy, flash, label } from "./functions.ts";

const big = "x".repeat(5000);

describe("the response after a failed commit", () => {
  const login = () => {
    const { sessions } = start();
    const { cookie } = visit(sessions, "", (session) => (session["user"] = "ana"));
    return { sessions, cookie };
  };

  it("deletes the cookie of a destroyed session, and clears the site's data", () => {
    const { sessions, cookie } = login();
    const context = sessions.open(cookie);
    destroy(context.session, { clearSiteData: ["cache"] });
    context.session["big"] = big;
    expect(() => context.commit()).toThrow();
    expect(commitOf(context)).toMatchObject({
      accessed: true,
      setCookie: [expect.stringMatching(/^session=; Max-Age=0;/)],
      clearSiteData: '"cache"',
    });
    expect(commitOf(context)).toMatchObject({ accessed: true, setCookie: [] });
  });

  it("keeps the cookie of a session that only changed", () => {
    const { sessions, cookie } = login();
    for (const sent of [cookie, "", "session=rejected"]) {
      const context = sessions.open(sent);
      context.session["big"] = big;
      expect(() => context.commit()).toThrow();
      expect(commitOf(context)).toMatchObject({ accessed: true, setCookie: [] });
    }
  });

  it("deletes the cookie of an emptied session if the store fails", async () => {
    const store = memoryStore();
    const { sessions } = start({ store });
    const jar = new Jar();
    await jar.request(sessions, (session) => void (session["user"] = "ana"));
    const context = await jar.open(sessions);
    delete context.session["user"];
    store.replace = () => {
      throw new Error("The store is full.");
    };
    await expect((async () => context.commit())()).rejects.toMatchObject({
      code: "ERR_SESSION_STORE",
    });
    expect(await jar.finish(context)).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
  });
});

it("the session of another framework is known to the store before the response", async () => {
  const kept = new Map<string, Write>();
  const store = sessionStore({
    isLocal: false,
    get: async (keys: readonly string[]) => keys.map((key) => kept.get(key)),
    replace: async (write: Write) => {
      // The session itself is written sooner than what was remembered.
      await setTimeout(write.value.includes("born") ? 30 : 0);
      kept.set(write.key, write);
      return undefined;
    },
  });
  const format = starlette({ secretKey: KEY, sessionCookie: "old" });
  const [old] = format.write({ user: "ana" }, Math.floor(Date.now() / 1000), null);
  const { sessions } = start({ store, formats: [format] });
  const jar = new Jar(`old=${old?.value}`);
  expect(await jar.read(sessions)).toEqual({ user: "ana" });
  expect([...kept.values()].some(({ value }) => value.includes("born"))).toBe(true);
});

describe("the cookie of writeAs", () => {
  const writeAs = starlette({ secretKey: KEY, sessionCookie: "theirs" });

  it("carries no metadata, such as a message", () => {
    const context = start({ writeAs }).sessions.open("");
    context.session["user"] = "ana";
    flash(context.session, "notice", "Hello");
    expect(() => context.commit()).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_FORMAT" }) as Error,
    );
  });

  it("carries a session that had moved from another framework to our cookie", () => {
    const old = starlette({ secretKey: KEY, sessionCookie: "old" });
    const [given] = old.write({ user: "ana" }, Math.floor(Date.now() / 1000), null);
    const moved = visit(start({ formats: [old] }).sessions, `old=${given?.value}`).cookie;
    const ours = moved.split("; ").find((pair) => pair.startsWith("session=")) ?? "";
    const same = starlette({ secretKey: KEY, sessionCookie: "session" });
    const next = visit(start({ writeAs: same }).sessions, ours, (session) => {
      expect({ ...session }).toEqual({ user: "ana" });
    });
    visit(start({ writeAs: same }).sessions, next.cookie, (session) => {
      expect({ ...session }).toEqual({ user: "ana" });
    });
    expect(next.cookie).not.toBe(ours);
  });
});

it("a login gets its label from the User-Agent, beside its other metadata", async () => {
  const labels = (agent: string) => `A browser called ${agent}`;
  const { sessions } = start({ store: memoryStore(), subject: "user", labels });
  const context = sessions.open("", facts({ headers: { "user-agent": "Firefox" } }));
  context.changeMeta((meta) => void (meta.authenticatedAt = 5));
  context.session["user"] = "ana";
  const jar = new Jar();
  await jar.finish(context);
  const { session, state } = await jar.open(sessions);
  expect(label(session)).toBe("A browser called Firefox");
  expect(state.meta.authenticatedAt).toBe(5);
});

describe("Secure", () => {
  it("is left out with httpsOnly: auto if nothing is known about the request", () => {
    const { sessions } = start({ httpsOnly: "auto" });
    const { commit } = visit(sessions, "", (session) => (session["user"] = "ana"));
    expect(commit.setCookie).toEqual([expect.not.stringContaining("Secure")]);
  });

  it("is on the deletion of the cookie too, beside its other attributes", () => {
    const { sessions } = start({ httpsOnly: "auto" });
    const { cookie } = visit(sessions, "", (session) => (session["user"] = "ana"));
    const context = sessions.open(cookie, facts({ encrypted: true }));
    destroy(context.session);
    expect(commitOf(context).setCookie).toEqual([
      "session=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; HttpOnly; SameSite=Lax",
    ]);
  });

  it.each([true, "auto", false] as const)(
    "is on the deletion of former cookies too, with httpsOnly: %s over TLS",
    (httpsOnly) => {
      const { sessions } = start({ httpsOnly, formerly: [{ path: "/old" }] });
      const context = sessions.open("", facts({ encrypted: true }));
      context.session["user"] = "ana";
      const lines = commitOf(context).setCookie;
      expect(lines.map((line) => line.includes("; Secure"))).toEqual([!!httpsOnly, !!httpsOnly]);
    },
  );
});
