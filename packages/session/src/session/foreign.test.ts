// This file tests how the engine uses other frameworks' cookies. The formats have their own tests.
import { describe, expect, it } from "vitest";
import { cookieSession } from "../formats/cookie-session.ts";
import { starlette } from "../formats/starlette.ts";
import { KEY, start, visit } from "@galleta/test-support/sessions";
import { describe as describeSession, destroy, renew } from "./functions.ts";

describe("two visitors with equal foreign cookies", () => {
  it("do not get each other's changes, nor each other's end", () => {
    const { sessions } = start({ writeAs: cookieSession({ secretKey: KEY }) });
    const same = () =>
      visit(sessions, "", (session) => {
        session["views"] = 1;
      }).cookie;
    const [alice, bob] = [same(), same()];
    expect(alice).toBe(bob);
    const ids: string[] = [];
    visit(sessions, alice, (session) => {
      ids.push(describeSession(session).id);
      session["user"] = "alice";
    });
    const next = visit(sessions, bob, (session) => {
      ids.push(describeSession(session).id);
      session["views"] = 2;
    });
    expect(new Set(ids).size).toBe(2);
    visit(sessions, next.cookie, (session) => expect(session).toEqual({ views: 2 }));
    visit(sessions, alice, (session) => destroy(session));
    visit(sessions, bob, (session) => expect(session).toEqual({ views: 1 }));
  });

  it("can log out and in again in the same second", () => {
    const { sessions } = start({ writeAs: cookieSession({ secretKey: KEY }) });
    const login = () =>
      visit(sessions, "", (session) => {
        renew(session);
        session["user"] = "alice";
      }).cookie;
    visit(sessions, login(), (session) => destroy(session));
    visit(sessions, login(), (session) => expect(session).toEqual({ user: "alice" }));
  });
});

describe("a cookie with the form of our token", () => {
  it("is never passed to a foreign reader after ours rejected it", () => {
    const format = starlette({ secretKey: KEY });
    const asked: string[] = [];
    const spy = {
      ...format,
      read: (...args: Parameters<typeof format.read>) => {
        asked.push(args[0].get("session") ?? "");
        return format.read(...args);
      },
    };
    const { sessions, events } = start({ formats: [spy] });
    const { cookie } = visit(sessions, "", (session) => {
      session["a"] = 1;
    });
    const broken = cookie.slice(0, -1) + (cookie.endsWith("A") ? "B" : "A");
    visit(sessions, broken, (session) => expect(session).toEqual({}));
    expect(asked).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: "rejected" });
  });
});

describe("a migration", () => {
  it("gives each session its own id and reports its source", () => {
    const format = starlette({ secretKey: KEY });
    const now = Math.floor(Date.now() / 1000);
    const cookie = format
      .write({ user: "alice" }, now, 60)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
    const { sessions, events } = start({ formats: [format] });
    const first = visit(sessions, cookie, (session) => expect(session).toEqual({ user: "alice" }));
    expect(first.commit.setCookie).toHaveLength(1);
    expect(events).toMatchObject([{ type: "migrated", format: "starlette" }]);
    const second = visit(sessions, first.cookie, (session) =>
      expect(session).toEqual({ user: "alice" }),
    );
    expect(second.commit.setCookie).toEqual([]);
  });
});
