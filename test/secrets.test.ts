// Drives every way in which the engine and the framework fail or tell something, keeps all that
// comes out, and looks in it for what must stay inside: secrets, keys made of them, cookie values.
import { createSecretKey } from "node:crypto";
import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import {
  App,
  Config,
  configure,
  csrfToken,
  describe as describeSession,
  destroy,
  flash,
  Secret,
  SessionError,
  settings,
  type SessionOptions,
} from "galleta";
import { createClient, LiveServer } from "galleta/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cookieSession } from "../packages/session/src/formats/cookie-session.ts";
import { django } from "../packages/session/src/formats/django.ts";
import { flask } from "../packages/session/src/formats/flask.ts";
import { ironSession } from "../packages/session/src/formats/iron-session.ts";
import { rails } from "../packages/session/src/formats/rails.ts";
import { starlette } from "../packages/session/src/formats/starlette.ts";
import type { SessionFormat } from "../packages/session/src/session/format.ts";
import { derive, info } from "../packages/session/src/token/keys.ts";
import { commitOf, start, valueOf, visit, type Anything } from "./support/sessions.ts";

const SECRET = "s3cret-of-this-test-that-must-never-show-up";
const DATA = "the-data-of-a-session";
const material = createSecretKey(Buffer.from(SECRET));
const derived = (use: string) =>
  derive(material, Buffer.alloc(0), info(use, "session"), 32).toString("hex");

const out: string[] = [];
const needles = new Set<string>();

/** Everything that a value shows by any of the usual means. */
function keep(value: unknown): void {
  out.push(inspect(value, { depth: 12, showHidden: true, maxArrayLength: null }));
  out.push(inspect(value, { depth: 12, customInspect: false }));
  for (const show of [
    String,
    JSON.stringify,
    (each: unknown) => serialize(each).toString("latin1"),
  ]) {
    try {
      out.push(String(show(value)));
    } catch {
      // What cannot be written cannot leak so.
    }
  }
  if (typeof value !== "object" || value === null) return;
  for (const key of Reflect.ownKeys(value)) {
    const part: unknown = Reflect.get(value, key);
    out.push(String(key), typeof part === "string" ? part : "");
  }
  if (value instanceof Error) {
    out.push(value.message, value.stack ?? "");
    if (value.cause !== undefined) keep(value.cause);
  }
}

/** Runs what must fail, and keeps how. */
function fails(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    keep(error);
    return;
  }
  expect.fail(`${run.toString()} did not fail`);
}

/** Notes a cookie value, and the parts of it that could be told instead of the whole. */
function hide(value: string): string {
  needles.add(value);
  if (value.length > 60) {
    needles.add(value.slice(0, 40));
    needles.add(value.slice(24, 60));
    needles.add(value.slice(-40));
  }
  return value;
}

beforeEach(() => {
  out.length = 0;
  needles.clear();
  for (const form of ["utf8", "hex", "base64", "base64url"] as const) {
    needles.add(Buffer.from(SECRET).toString(form).replace(/=+$/, "").slice(0, 40));
  }
  for (const use of ["sign", "enc", "csrf"]) {
    needles.add(derived(use));
    // As inspect shows bytes.
    needles.add(derived(use).match(/../g)!.slice(0, 16).join(" "));
  }
  needles.add(DATA);
  for (const name of ["log", "info", "warn", "error", "debug", "trace"] as const) {
    vi.spyOn(console, name).mockImplementation((...args) => {
      out.push(format(...args));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      out.push(String(chunk));
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function expectNothingFound(): void {
  vi.restoreAllMocks();
  expect(out.length).toBeGreaterThan(0);
  const all = out.join("\n");
  for (const needle of needles) {
    const at = all.indexOf(needle);
    if (at !== -1) expect.fail(`found in: ...${all.slice(Math.max(0, at - 300), at)}<HERE>`);
  }
}

it("finds what is not hidden", () => {
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

  it("when a cookie is refused, with the console as its listener", () => {
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
    // The id of a session opens nothing, but is nobody's business either.
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

describe("the framework", () => {
  it("when settings or the configuration are wrong", () => {
    vi.stubEnv("NUMBER", SECRET);
    vi.stubEnv("SECRET_KEY", SECRET);
    const config = new Config();
    fails(() => config.get("NUMBER", { cast: Number }));
    fails(() => config.get("NUMBER", { cast: Boolean }));
    fails(() => config.get("NUMBER", { cast: (text: string) => JSON.parse(text) as unknown }));
    fails(() =>
      config.get("NUMBER", {
        cast: (text: string) => {
          throw new Error(`bad: ${text}`);
        },
      }),
    );
    keep(config);
    keep(config.get("SECRET_KEY", { cast: Secret }));
    const bad: object[] = [
      { SESSIONS: SECRET },
      { SESSIONS: { secretKey: SECRET, nonsense: SECRET } },
      { SESSIONS: { secretKey: SECRET, maxAge: SECRET } },
      { SESSIONS: { secretKey: { SECRET } } },
      { PLUGINS: SECRET },
      { PLUGINS: [SECRET] },
    ];
    for (const each of bad) fails(() => configure(new App(), each));
    const app = new App();
    configure(app, { SESSIONS: true });
    for (const each of [app, app.h3, settings, settings.get("SESSIONS")]) keep(each);
    expectNothingFound();
  });

  it("when requests fail", async () => {
    const app = new App<Anything>();
    const key = new Secret(SECRET);
    configure(app, { SESSIONS: { secretKey: key, csrf: "strict" } });
    keep(settings.get("SESSIONS"));
    app.route("/set", (req, res) => {
      req.session["text"] = "kept";
      res.json = null;
    });
    app.route("/throws", (req) => {
      req.session["text"] = DATA;
      throw new Error("the view's own", {
        cause: new SessionError("ERR_SESSION_STORE", "no store"),
      });
    });
    app.route("/session-in-error", (req) => {
      throw Object.assign(new Error("with a request"), { req, key });
    });
    app.route("/big", (req) => {
      req.session["big"] = DATA.repeat(300);
    });
    app.route("/not-json", (req) => {
      req.session["map"] = new Map([[DATA, 1]]);
    });
    app.route("/echo", { methods: ["POST"] }, async (req, res) => (res.json = await req.json()));
    app.route("/late", (req, res) => {
      res.body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("a"));
          setImmediate(() => {
            try {
              req.session["late"] = DATA;
            } catch (error) {
              keep(error);
            }
            controller.close();
          });
        },
      });
    });
    await using client = createClient(app);
    const cookie = async (path: string, init: RequestInit = {}) => {
      const header = `session=${hide(client.cookies.get("session", client.baseUrl) ?? "")}`;
      const headers = { cookie: header, ...init.headers };
      const response = await app.fetch(
        new Request(`http://testserver${path}`, { ...init, headers }),
      );
      keep(await response.text());
      keep([...response.headers].filter(([name]) => name !== "set-cookie"));
      for (const line of response.headers.getSetCookie()) hide(line.split(";")[0]!.split("=")[1]!);
    };
    await client.get("/set");
    for (const path of [
      "/throws",
      "/session-in-error",
      "/big",
      "/not-json",
      "/late",
      "/none",
      "/%ff",
    ]) {
      await cookie(path);
    }
    const post = { method: "POST", body: DATA };
    await cookie("/echo", post);
    await cookie("/echo", { ...post, headers: { "x-csrf-token": hide("t".repeat(64)) } });
    await cookie("/echo", { ...post, headers: { origin: "https://evil.example" } });
    await cookie("/echo", { ...post, headers: { host: "a b" } });
    await cookie("/set", { method: "POST" });
    await cookie("/set", { headers: { cookie: `session=${hide(`${"A".repeat(100)}`)}` } });
    expect(console.error).toHaveBeenCalled();
    expectNothingFound();
  });

  it("when sockets fail", async () => {
    const app = new App<Anything>();
    configure(app, { SESSIONS: { secretKey: SECRET } });
    app.route("/set", (req, res) => {
      req.session["text"] = "kept";
      res.json = null;
    });
    app.websocketRoute("/late", async (ws) => {
      for await (const _ of ws) ws.session["text"] = DATA;
    });
    app.websocketRoute("/throws", (ws) => {
      throw Object.assign(new Error("the view's own"), { ws });
    });
    app.websocketRoute("/rejects", { autoAccept: false }, async (ws) => {
      ws.session["map"] = new Map([[DATA, 1]]);
      await ws.reject(403);
    });
    await using client = createClient(app);
    await client.get("/set");
    hide(client.cookies.get("session", client.baseUrl) ?? "");
    const late = await client.websocket("/late");
    late.send("now");
    keep(await late.closed);
    for (const path of ["/throws", "/rejects", "/none"]) {
      const refused = await client.websocket(path).catch((error: unknown) => error);
      keep(refused instanceof Error ? refused.message : "opened");
    }
    expect(console.error).toHaveBeenCalled();
    expectNothingFound();
  });

  it("when an app is served that cannot be", async () => {
    const app = new App();
    keep(await LiveServer.start(app).catch((error: unknown) => error));
    const off = new App();
    configure(off, { SECRET_KEY: new Secret(SECRET) });
    off.route("/", (req, res) => (res.json = { ...req.session }));
    const response = await off.fetch(
      new Request("http://testserver/", { headers: { cookie: `session=${hide("v".repeat(80))}` } }),
    );
    expect(response.status).toBe(500);
    keep(await response.text());
    keep(settings);
    expectNothingFound();
  });
});
