// Triggers every error and event of the engine, collects all output, and searches it for secrets,
// derived keys, cookie values and data.
import {
  csrfToken,
  describe as describeSession,
  destroy,
  flash,
  Secret,
  type SessionOptions,
} from "galleta";
import { describe, expect, it, vi } from "vitest";
import { cookieSession } from "../packages/session/src/formats/cookie-session.ts";
import { django } from "../packages/session/src/formats/django.ts";
import { flask } from "../packages/session/src/formats/flask.ts";
import { ironSession } from "../packages/session/src/formats/iron-session.ts";
import { rails } from "../packages/session/src/formats/rails.ts";
import { starlette } from "../packages/session/src/formats/starlette.ts";
import type { SessionFormat } from "../packages/session/src/session/format.ts";
import {
  DATA,
  expectNothingFound,
  fails,
  hide,
  keep,
  needles,
  SECRET,
  watchOutput,
} from "./support/leaks.ts";
import { commitOf, start, valueOf, visit, type Anything } from "./support/sessions.ts";

watchOutput();

it("finds a secret that is not hidden", () => {
  keep({ a: [new Error("x", { cause: { key: SECRET } })] });
  expect(() => expectNothingFound()).toThrow(/found in/);
});

describe("the engine", () => {
  it("when options are wrong", () => {
    const wrong: Record<string, unknown[]> = {
      secretKey: [[SECRET, ""], [SECRET, 1], { key: SECRET }, [[SECRET]], Buffer.from(SECRET)],
      sessionCookie: [`${SECRET};`, [SECRET], { SECRET }, Buffer.from(SECRET)],
      maxAge: [SECRET, [SECRET]],
      path: [SECRET, [SECRET]],
      sameSite: [SECRET],
      httpsOnly: [SECRET],
      domain: [`${SECRET}_`, [SECRET]],
      encrypt: [SECRET],
      accept: [SECRET, [SECRET]],
      schema: [SECRET, { [SECRET]: 1 }],
      migrate: [SECRET],
      onEvent: [SECRET],
      formats: [SECRET, [SECRET]],
      writeAs: [SECRET, { name: SECRET }],
      csrf: [SECRET, { exempt: [1, SECRET] }],
      trustedOrigins: [SECRET, [SECRET]],
      trustProxy: [SECRET, [SECRET]],
      secretkey: [SECRET],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        fails(() => start({ secretKey: SECRET, [name]: value } as SessionOptions));
      }
    }
    expectNothingFound();
  });

  it("when keys are weak, here and in production", () => {
    for (const environment of ["development", "production"]) {
      vi.stubEnv("NODE_ENV", environment);
      for (const key of [SECRET.slice(0, 31), "a".repeat(40), "keyboard cat"]) {
        needles.add(key);
        for (const secretKey of [key, new Secret(key), [SECRET, key]]) {
          if (environment === "production") fails(() => start({ secretKey }));
          else keep(start({ secretKey }).sessions);
        }
      }
    }
    expectNothingFound();
  });

  it.each([{}, { encrypt: true }, { chunks: true }, { hardened: true }])(
    "in its objects, while they work (%j)",
    (options) => {
      const { sessions, events } = start({ ...options, secretKey: [SECRET, `${SECRET} old`] });
      const { cookie } = visit(sessions, "", (session) => {
        session["id"] = 1;
        hide(csrfToken(session));
      });
      hide(valueOf(cookie));
      const context = sessions.open(cookie);
      for (const each of [sessions, context, context.session, describeSession(context.session)]) {
        keep(each);
      }
      commitOf(context);
      keep(context);
      keep(events);
      expectNothingFound();
    },
  );

  it("when a cookie is rejected, with the console as its listener", () => {
    const { sessions } = start({ secretKey: SECRET });
    const { cookie } = visit(sessions, "", (session) => (session["text"] = DATA));
    const token = hide(valueOf(cookie));
    const hidden = hide(
      valueOf(
        visit(start({ secretKey: SECRET, encrypt: true }).sessions, "", (s) => (s["a"] = 1)).cookie,
      ),
    );
    const listening = start({ secretKey: SECRET, onEvent: undefined }).sessions;
    const seen = start({ secretKey: SECRET });
    const foreign = start({ secretKey: `${SECRET} other` }).sessions;
    for (const value of [
      token.slice(0, -1),
      `${token}A`,
      `"${token}"`,
      hidden,
      `${token}=`,
      hide("x".repeat(70)),
    ]) {
      for (const each of [listening, seen.sessions, foreign]) {
        keep(each.open(`session=${value}`).session);
        keep(describeSession(each.open(`session=${value}`).session));
      }
    }
    keep(listening.open(`session=${token}; session=${hidden}`).session);
    keep(seen.sessions.open(`session=${token}; session=${hidden}`));
    keep(seen.events);
    expect(seen.events.length).toBeGreaterThan(5);
    // A session's id opens nothing, but is private.
    expectNothingFound();
  });

  it("when a session cannot be saved or changed", () => {
    const big = DATA.repeat(300);
    const changes: ((session: Anything) => void)[] = [
      (session) => (session["big"] = big),
      (session) => (session["list"] = [DATA, { deep: () => DATA }]),
      (session) => (session["n"] = BigInt(1)),
      (session) => (session["map"] = new Map([[DATA, DATA]])),
      (session) => (session["error"] = new Error(DATA)),
      (session) => ((session["self"] = { text: DATA, session })["text"] = DATA),
      (session) => void ((session["text"] = DATA) && flash(session, "big", big)),
    ];
    for (const change of changes) {
      const { sessions, events } = start({ secretKey: SECRET });
      const context = sessions.open("");
      change(context.session);
      fails(() => commitOf(context));
      fails(() => (context.session["late"] = DATA));
      fails(() => destroy(context.session));
      fails(() => (context.session = { late: DATA }));
      keep(events);
    }
    const context = start({ secretKey: SECRET }).sessions.open("");
    fails(() => flash(context.session, "k", new Set([DATA]) as unknown as string));
    fails(() => describeSession({ ...context.session, text: DATA }));
    fails(() => (context.session = DATA as unknown as Anything));
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) => ({
          issues: [{ message: `${JSON.stringify(value)} is wrong` }],
        }),
      },
    } as const;
    const strict = start({ secretKey: SECRET, schema }).sessions.open("");
    strict.session["text"] = DATA;
    fails(() => commitOf(strict));
    expectNothingFound();
  });

  it("when other frameworks' cookies are wrong", () => {
    const makes = [starlette, flask, django, cookieSession, ironSession, rails];
    for (const make of makes as ((options: object) => SessionFormat)[]) {
      const wrong: object[] = [
        { secretKey: "" },
        { secretKey: [SECRET, 1] },
        { secretKey: SECRET, nonsense: SECRET },
        { secretKey: SECRET, sessionCookie: [SECRET] },
      ];
      for (const options of wrong) fails(() => make({ sessionCookie: "foreign", ...options }));
      const foreign = make({ secretKey: SECRET, sessionCookie: "foreign" });
      keep(foreign);
      const cookies = foreign.write({ user: "alice" }, 1_800_000_000, 60);
      for (const { value } of cookies) if (value.length > 20) hide(value);
      const header = cookies.map((each) => `${each.name}=${each.value.slice(0, -2)}xx`).join("; ");
      const { sessions, events } = start({ secretKey: SECRET, formats: [foreign] });
      keep([foreign.name, sessions.open(header).session, events]);
      const kept = start({ secretKey: SECRET, writeAs: foreign }).sessions.open("");
      kept.session["text"] = DATA;
      flash(kept.session, "notice", DATA);
      fails(() => commitOf(kept));
      fails(() => csrfToken(kept.session));
    }
    expectNothingFound();
  });
});
