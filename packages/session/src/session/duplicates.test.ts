import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { facts } from "@galleta/test-support/facts";
import { commitOf, start, type Anything } from "@galleta/test-support/sessions";
import { cookieSession } from "../formats/cookie-session.ts";
import { starlette } from "../formats/starlette.ts";
import type { SessionContext } from "./context.ts";
import type { CookieSource, JsonObject, StoredFormat } from "./format.ts";
import { destroy, describe as describeSession, renew, setMaxAge } from "./functions.ts";
import type { SessionCookieOptions } from "./options.ts";

const HOST = "shop.example.com";
type Options = Partial<SessionCookieOptions>;

interface Kept {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isPartitioned: boolean;
}

/**
 * Keeps cookies as RFC 6265bis §5.7 does: name, domain, host-only, path and partition identify one.
 */
class Browser {
  #kept: Kept[] = [];

  get size(): number {
    return this.#kept.length;
  }

  header(path: string): string {
    return this.#kept
      .filter((each) => path === each.path || path.startsWith(each.path.replace(/\/?$/, "/")))
      .toSorted((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = "", ...rest] = line.split("; ");
      const of = (name: string) =>
        rest.find((text) => text.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
      const domain = of("domain");
      if (domain !== undefined && !`.${HOST}`.endsWith(`.${domain}`)) continue;
      const isPartitioned = rest.includes("Partitioned");
      if (isPartitioned && !rest.includes("Secure")) continue;
      const at = pair.indexOf("=");
      const cookie: Kept = {
        name: pair.slice(0, at),
        value: pair.slice(at + 1),
        domain: domain ?? HOST,
        isHostOnly: domain === undefined,
        path: of("path") ?? "/",
        isPartitioned,
      };
      const key = (each: Kept) => JSON.stringify({ ...each, value: "" });
      this.#kept = this.#kept.filter((each) => key(each) !== key(cookie));
      if (of("max-age") !== "0") this.#kept.push(cookie);
    }
  }

  /** One request to a server with these options. */
  visit(options: Options, use: (session: Anything, context: SessionContext<Anything>) => void) {
    const { sessions, types } = start({ httpsOnly: true, ...options });
    const request = facts({
      target: "/app/cart?x=1",
      headers: { host: HOST },
      encrypted: true,
    });
    const context = sessions.open(this.header("/app/cart"), request);
    use(context.session, context);
    const { setCookie } = commitOf(context);
    this.take(setCookie);
    return { types: types(), setCookie };
  }

  read(options: Options): Anything {
    let data: Anything = {};
    this.visit(options, (session) => (data = { ...session }));
    return data;
  }
}

const ATTRIBUTES: Record<string, Options> = {
  "host-only": {},
  "the host as domain": { domain: HOST },
  "the parent domain": { domain: "example.com" },
  "a path": { path: "/app" },
  partitioned: { partitioned: true },
  "domain, path and partitioned": { domain: "example.com", path: "/app", partitioned: true },
};
const changes = Object.keys(ATTRIBUTES).flatMap((from) =>
  Object.keys(ATTRIBUTES)
    .filter((to) => to !== from)
    .flatMap((to) => [[from, to, false] as const, [from, to, true] as const]),
);

describe("a browser continues when the cookie's attributes change", () => {
  it.each(changes)("from %s to %s, with formerly: %s", (from, to, says) => {
    const before: Options = { ...ATTRIBUTES[from] };
    const { domain, path, partitioned } = before;
    const after: Options = {
      ...ATTRIBUTES[to],
      ...(says && { formerly: [{ domain, path, partitioned }] }),
    };
    const browser = new Browser();
    browser.visit(before, (session) => (session["user"] = "ana"));
    // The first change, such as the first rolling renewal, sets a cookie beside the old one.
    const { types } = browser.visit(after, (session) => (session["n"] = 1));
    expect(browser.read(after)).toEqual({ user: "ana", n: 1 });
    browser.visit(after, (session) => (session["n"] = 2));
    expect([browser.read(after), browser.size]).toEqual([{ user: "ana", n: 2 }, 1]);
    expect(types).not.toContain("rejected");
    // The setting is rolled back, and set again.
    browser.visit(before, (session) => (session["n"] = 3));
    browser.visit(after, (session) => (session["n"] = 4));
    expect(browser.read(after)).toEqual({ user: "ana", n: 4 });
    // Another user logs in, and out.
    browser.visit(after, (session) => {
      renew(session);
      session["user"] = "eva";
    });
    expect(browser.read(after)).toEqual({ user: "eva", n: 4 });
    browser.visit(after, (session) => destroy(session));
    expect([browser.size, browser.read(after), browser.read(before)]).toEqual([0, {}, {}]);
  });

  it("and a logout that comes first does not log the old user in again", () => {
    const browser = new Browser();
    browser.visit({ domain: "example.com" }, (session) => (session["user"] = "ana"));
    browser.visit({}, (session) => (session["user"] = "eva"));
    browser.visit({}, (session) => destroy(session));
    expect([browser.size, browser.read({})]).toEqual([0, {}]);
  });

  it("and a logout ends the sessions of all cookies in the request, also their copies", () => {
    const { sessions, types } = start();
    const login = (user: string) => {
      const context = sessions.open("");
      context.session["user"] = user;
      return commitOf(context).setCookie[0]!.split(";")[0]!;
    };
    const [ana, eva] = [login("ana"), login("eva")];
    const context = sessions.open(`${ana}; ${eva}`);
    destroy(context.session);
    void context.commit();
    expect(sessions.open(ana).session).toEqual({});
    expect(sessions.open(eva).session).toEqual({});
    expect(types().filter((type) => type === "revoked")).toHaveLength(2);
  });
});

describe("among several cookies", () => {
  const issue = (options: Options, user: string) => {
    const { sessions } = start(options);
    const context = sessions.open("");
    context.session["user"] = user;
    const { setCookie } = commitOf(context);
    return setCookie.map((line) => line.slice(0, line.indexOf(";")));
  };

  it("a planted one makes the session empty until the next login", () => {
    const browser = new Browser();
    browser.visit({}, (session) => (session["user"] = "ana"));
    browser.take(["session=planted; Domain=example.com; Path=/app"]);
    const { types } = browser.visit({}, (session) => {
      expect([{ ...session }, describeSession(session).rejected]).toEqual([{}, "duplicate"]);
      session["user"] = "ana again";
    });
    expect(types).toEqual(["rejected", "created"]);
    expect([browser.read({}), browser.size]).toEqual([{ user: "ana again" }, 1]);
  });

  it("one of another key counts as planted", () => {
    const [foreign] = issue({ secretKey: "quite another key of this suite, long enough" }, "eva");
    const [ours] = issue({}, "ana");
    const { sessions, types } = start();
    expect(sessions.open(`${ours}; ${foreign}`).session).toEqual({});
    expect(types()).toEqual(["rejected"]);
  });

  it("more than eight are ignored", () => {
    const { sessions } = start();
    const many = Array.from({ length: 9 }, (_, at) => issue({}, `user ${at}`)[0]);
    expect(sessions.open(many.slice(0, 8).join("; ")).session).not.toEqual({});
    expect(sessions.open(many.join("; ")).session).toEqual({});
  });

  it("a genuine one of another framework is ignored if there is one of ours; a planted one is rejected", () => {
    const old = cookieSession({
      secretKey: "an old key of cookie-session, long enough",
      sessionCookie: "session",
    });
    const cookies = old.write({ user: "old" }, 0, null);
    const neighbour = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
    const { sessions } = start({ formats: [old] });
    const [ours] = issue({}, "ana");
    expect(sessions.open(`${neighbour}; ${ours}`).session).toEqual({ user: "ana" });
    expect(sessions.open(`${neighbour}; ${ours}; session=x`).session).toEqual({});
  });

  it("deletes no chunk that the browser does not have", () => {
    const options: Options = { chunks: 16_384 };
    const { sessions } = start(options);
    const context = sessions.open([...issue(options, "ana"), ...issue(options, "eva")].join("; "));
    context.session["user"] = "next";
    expect(commitOf(context).setCookie.map((line) => line.split("=")[0])).toEqual(["session"]);
  });

  it("chunks of two sessions are not mixed", () => {
    const options: Options = { chunks: 16_384 };
    const one = issue(options, "a".repeat(5000));
    const two = issue(options, "b".repeat(5000));
    expect([one.length, two.length]).toEqual([2, 2]);
    const { sessions } = start(options);
    const { session } = sessions.open([...one, ...two].join("; "));
    expect(["a", "b"]).toContain(String(session["user"]).slice(0, 1));
    expect(sessions.open([...one, ...two, "session.1=x"].join("; ")).session).toEqual({});
  });
});

describe("of several sessions", () => {
  const SECOND = 1000;
  const { sessions } = start();
  const visit = (cookie: string, change: (session: Anything) => void) => {
    const context = sessions.open(cookie);
    change(context.session);
    return commitOf(context).setCookie[0]!.split(";")[0]!;
  };
  const read = (...cookies: string[]) => ({ ...sessions.open(cookies.join("; ")).session });

  beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it("the one that was issued last counts, then the youngest, then the newest revision", () => {
    const ana = visit("", (session) => (session["user"] = "ana"));
    vi.advanceTimersByTime(SECOND);
    const eva = visit("", (session) => (session["user"] = "eva"));
    const later = visit(ana, (session) => (session["n"] = 1));
    for (const cookies of [
      [eva, later],
      [later, eva],
    ]) {
      expect(read(...cookies)).toEqual({ user: "eva" });
    }
    const latest = visit(later, (session) => (session["n"] = 2));
    for (const cookies of [
      [later, latest],
      [latest, later],
    ]) {
      expect(read(...cookies)).toEqual({ user: "ana", n: 2 });
    }
    vi.advanceTimersByTime(SECOND);
    const again = visit(latest, (session) => (session["n"] = 3));
    for (const cookies of [
      [eva, again],
      [again, eva],
    ]) {
      expect(read(...cookies)).toEqual({ user: "ana", n: 3 });
    }
  });

  it("two revisions are not other sessions of each other", () => {
    const ana = visit("", (session) => (session["user"] = "ana"));
    const later = visit(ana, (session) => (session["n"] = 1));
    const eva = visit("", (session) => (session["user"] = "eva"));
    const othersOf = (...cookies: string[]) =>
      sessions.open(cookies.join("; ")).state.loaded.others;
    expect(othersOf(ana, later)).toEqual([]);
    expect(othersOf(ana, eva)).toHaveLength(1);
  });

  it("an older one does not replace the newest when that has expired", () => {
    const ana = visit("", (session) => (session["user"] = "ana"));
    vi.advanceTimersByTime(SECOND);
    const eva = visit("", (session) => {
      session["user"] = "eva";
      setMaxAge(session, 10);
    });
    vi.advanceTimersByTime(11 * SECOND);
    const { session } = sessions.open(`${ana}; ${eva}`);
    expect([{ ...session }, describeSession(session).rejected]).toEqual([{}, "expired"]);
    expect(read(ana)).toEqual({ user: "ana" });
  });

  it("a logout ends the genuine ones beside a planted one", () => {
    const ana = visit("", (session) => (session["user"] = "ana"));
    const context = sessions.open(`${ana}; session=planted`);
    destroy(context.session);
    void commitOf(context);
    expect(read(ana)).toEqual({});
  });
});

describe("with formats", () => {
  const secretKey = "an old key of Starlette, long enough for a key";
  const old = starlette({ secretKey, sessionCookie: "session" });
  const NOW = Math.floor(Date.now() / 1000);
  const pairOf = (format: typeof old, data: JsonObject) =>
    format.write(data, NOW, null).map(({ name, value }) => `${name}=${value}`);

  it("two genuine cookies of another framework are rejected", () => {
    const { sessions } = start({ formats: [old] });
    const { session } = sessions.open(
      [...pairOf(old, { user: "ana" }), ...pairOf(old, { user: "eva" })].join("; "),
    );
    expect([{ ...session }, describeSession(session).rejected]).toEqual([{}, "duplicate"]);
  });

  it("a planted cookie is rejected if the format reads another name", () => {
    const other = starlette({ secretKey, sessionCookie: "other" });
    const { sessions } = start({ formats: [other] });
    const context = sessions.open("");
    context.session["user"] = "ana";
    const ours = commitOf(context).setCookie[0]!.split(";")[0]!;
    expect({ ...sessions.open(`${ours}; session=x`).session }).toEqual({});
  });

  it("a genuine cookie of another framework's store is ignored, and a forged one is rejected", () => {
    const isGenuine = ({ get }: CookieSource) => get("session") === "genuine";
    const stored: StoredFormat = {
      name: "stored",
      cookieNames: ["session"],
      isGenuine,
      load: () => undefined,
    };
    const { sessions } = start({ formats: [stored] });
    const context = sessions.open("");
    context.session["user"] = "ana";
    const ours = commitOf(context).setCookie[0]!.split(";")[0]!;
    expect({ ...sessions.open(`session=genuine; ${ours}`).session }).toEqual({ user: "ana" });
    expect({ ...sessions.open(`session=forged; ${ours}`).session }).toEqual({});
  });

  it("a cookie is not genuine if its signature came twice", () => {
    const signed = cookieSession({ secretKey, sessionCookie: "session" });
    const { sessions } = start({ formats: [signed] });
    const context = sessions.open("");
    context.session["user"] = "ana";
    const ours = commitOf(context).setCookie[0]!.split(";")[0]!;
    const theirs = pairOf(signed, { user: "old" });
    expect({ ...sessions.open([ours, ...theirs].join("; ")).session }).toEqual({ user: "ana" });
    const twice = [ours, ...theirs, "session.sig=other"].join("; ");
    expect({ ...sessions.open(twice).session }).toEqual({});
  });
});

describe("with chunks", () => {
  const { sessions } = start({ chunks: 16_384 });
  const issue = (user: string, length = 1) => {
    const context = sessions.open("");
    context.session["user"] = user;
    context.session["fill"] = "x".repeat(length);
    return commitOf(context).setCookie.map((line) => line.slice(0, line.indexOf(";")));
  };
  const userIn = (...cookies: string[]) => sessions.open(cookies.join("; ")).session["user"];

  it("more than eight values of one name are ignored", () => {
    const many = Array.from({ length: 9 }, (_, at) => issue(`user ${at}`)).flat();
    expect(userIn(...many.slice(1))).toBeDefined();
    expect(userIn(...many)).toBeUndefined();
  });

  it("a chunk left over from a longer session does no harm", () => {
    expect(userIn(...issue("ana"), ...issue("ana"), "session.1=left")).toBe("ana");
  });

  it("a logout deletes only the cookies that came", () => {
    const context = sessions.open([...issue("ana"), ...issue("ana")].join("; "));
    destroy(context.session);
    const names = commitOf(context).setCookie.map((line) => line.slice(0, line.indexOf("=")));
    expect(names).toEqual(["session"]);
  });

  it("at most 64 combinations are tried", () => {
    const long = Array.from({ length: 8 }, () => issue("ana", 4000));
    expect(long.every((cookies) => cookies.length === 2)).toBe(true);
    expect(userIn(...long.slice(1).flat(), ...issue("ana"))).toBe("ana");
    expect(userIn(...long.flat())).toBeUndefined();
  });
});

describe("formerly", () => {
  it.each([
    [[{ domain: "a b" }]],
    [[{ path: "app" }]],
    [[{ partitioned: 1 }]],
    [[{ name: "old" }]],
    [[null]],
    [{}],
  ])("throws for %j", (formerly) => {
    expect(() => start({ formerly: formerly as never })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTION" }),
    );
  });

  it("throws for attributes that a __Host- cookie cannot have", () => {
    const options = { hardened: true, formerly: [{ domain: "example.com" }] };
    expect(() => start(options)).toThrow(/__Host-/);
  });

  it("never deletes the present cookie", () => {
    const browser = new Browser();
    browser.visit({ formerly: [{}, { path: "/" }] }, (session) => (session["user"] = "ana"));
    expect(browser.size).toBe(1);
  });

  it("is sent only together with a cookie", () => {
    const browser = new Browser();
    const options: Options = { formerly: [{ domain: "example.com" }] };
    expect(browser.visit(options, () => {}).setCookie).toEqual([]);
    const { setCookie } = browser.visit(options, (session) => (session["user"] = "ana"));
    expect(setCookie.map((line) => line.replace(/=[\w-]{20,}/, "=..."))).toEqual([
      "session=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax",
      "session=...; Max-Age=1209600; Path=/; Secure; HttpOnly; SameSite=Lax",
    ]);
    expect(browser.visit(options, () => {}).setCookie).toEqual([]);
  });
});
