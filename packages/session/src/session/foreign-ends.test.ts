import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Jar, start, type Data } from "@galleta/test-support/jar";
import { cookieSession } from "../formats/cookie-session.ts";
import { django } from "../formats/django.ts";
import { flask } from "../formats/flask.ts";
import { ironSession } from "../formats/iron-session.ts";
import { rails } from "../formats/rails.ts";
import { starlette } from "../formats/starlette.ts";
import { memoryStore } from "../store/memory.ts";
import type { SessionFormat } from "./format.ts";
import { destroy } from "./functions.ts";

const secretKey = "a key of the other framework, of more than 32 characters";
const FORMATS: Record<string, SessionFormat> = {
  "iron-session": ironSession({ secretKey, sessionCookie: "old" }),
  "cookie-session": cookieSession({ secretKey, sessionCookie: "old" }),
  rails: rails({ secretKey, sessionCookie: "old", iterations: 1 }),
  starlette: starlette({ secretKey, sessionCookie: "old" }),
  flask: flask({ secretKey, sessionCookie: "old" }),
  django: django({ secretKey, sessionCookie: "old" }),
};
const now = () => Math.floor(Date.now() / 1000);

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

describe.each(Object.entries(FORMATS))("a copy of a cookie of %s", (_, format) => {
  const issue = (data: Data = { user: "ana" }) =>
    format
      .write(data as never, now(), null)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");

  /** Makes a browser that came with the old cookie and has ours now. */
  async function move(sessions: ReturnType<typeof start>["sessions"], cookie: string) {
    const browser = new Jar(cookie);
    expect(await browser.read(sessions)).toMatchObject({ user: "ana" });
    expect(browser.cookie).toMatch(/(?:^|; )session=/);
    return browser;
  }

  it.each([undefined, memoryStore()])("is rejected after destroy (store: %o)", async (store) => {
    const { sessions, types } = start({ formats: [format], store });
    const cookie = issue();
    const browser = await move(sessions, cookie);
    await new Jar(cookie).request(sessions, (session) => expect(session["user"]).toBe("ana"));
    await browser.request(sessions, (session) => destroy(session));
    vi.setSystemTime(Date.now() + 3600_000);
    expect(await new Jar(cookie).read(sessions)).toEqual({});
    expect(types().at(-1)).toBe("revoked");
    expect(await new Jar(issue({ user: "eva" })).read(sessions)).toMatchObject({ user: "eva" });
  });

  it("is rejected by another process after destroy, and after revokeAll", async () => {
    const store = memoryStore();
    const options = { formats: [format], store, subject: "user" };
    const [one, two] = [start(options).sessions, start(options).sessions];
    const ended = issue();
    const browser = await move(one, ended);
    await browser.request(one, (session) => destroy(session));
    expect(await new Jar(ended).read(two)).toEqual({});

    vi.setSystemTime(Date.now() + 1000);
    const revoked = issue({ user: "ana", again: true });
    await move(one, revoked);
    vi.setSystemTime(Date.now() + 60_000);
    await one.revokeAll("ana");
    vi.setSystemTime(Date.now() + 60_000);
    expect(await new Jar(revoked).read(one)).toEqual({});
    expect(await new Jar(revoked).read(two)).toEqual({});
  });

  it.each([undefined, memoryStore()])("ends with absoluteMaxAge (store: %o)", async (store) => {
    const options = { formats: [format], store, absoluteMaxAge: 600, maxAge: 600 };
    const { sessions } = start(options);
    const cookie = issue();
    await move(sessions, cookie);
    vi.setSystemTime(Date.now() + 601_000);
    expect(await new Jar(cookie).read(sessions)).toEqual({});
    if (store !== undefined)
      expect(await new Jar(cookie).read(start(options).sessions)).toEqual({});
  });
});
