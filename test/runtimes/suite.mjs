// Checks that every runtime must pass with the built package. Plain JavaScript and node:assert:
// this file runs unchanged on Node, Bun and Deno, and bundled on workerd.
import assert from "node:assert/strict";
import {
  createSessions,
  csrfToken,
  describe,
  destroy,
  flash,
  renew,
  Secret,
  SessionError,
} from "@galleta/session";
import { applyCommit } from "@galleta/session/adapter";
import { session, withSession } from "@galleta/session/fetch";
import { starlette } from "@galleta/session/formats/starlette";

const secretKey = "a secret key of the runtimes' suite, long enough";
const events = [];
const options = { secretKey, onEvent: (event) => events.push(event.type) };

/** The cookie that a browser would send after these headers. */
const cookieOf = (setCookie) => setCookie.map((cookie) => cookie.split(";")[0]).join("; ");

const otherThan = (character) => (character === "A" ? "B" : "A");

/** Cookies of 2025 without an expiry, from node:crypto and docs/token.md. */
const RECORDED = [
  "RgAGyG3tZ3R3cGd0hYD_____AAECAwQFBgcICQoLICEiIyQlJicoKSorU2g4XIoGyvDjuMkF6g3dESissoY9FVWAL9gKxLEiBmyqo9ySCKUQp7WA4MSAYC-ZPjMVvBAMi5sQvo1oDezncCVM",
  "RQAGyG3tZ3R3cGd0hYD_____AAECAwQFBgcICQoLDA0ODxAREhMUFRYXO5d-72BuFB4D33GWlORSUqwj1L8gHFnVWySs6RR-9eHay_m-Wu8h5BPRB2yE8fN71VTmtrWP3y36ofP5HZX4axQp",
];

function save(sessions, change, cookie = "") {
  const context = sessions.open(cookie);
  change(context.session);
  return context.commit();
}

function read(sessions, cookie) {
  return { ...sessions.open(cookie).session };
}

const handler = (request, context) => {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/set":
      context.session.views = (context.session.views ?? 0) + 1;
      return Response.json(context.session);
    case "/redirect":
      context.session.views = 1;
      return Response.redirect("http://localhost/set", 302);
    case "/end":
      context.session = null;
      return new Response("gone");
    case "/throw":
      context.session.failed = true;
      throw new Error("a handler that fails");
    case "/late":
      return new Response(
        new ReadableStream(
          {
            pull(controller) {
              let told = "written";
              try {
                context.session.late = true;
              } catch (error) {
                told = error.code;
              }
              controller.enqueue(new TextEncoder().encode(told));
              controller.close();
            },
          },
          { highWaterMark: 0 },
        ),
      );
    default:
      return new Response("untouched");
  }
};

const get = (serve, path, init) => serve(new Request(`http://localhost${path}`, init));

export const checks = {
  "signed sessions": () => {
    const sessions = createSessions(options);
    const { setCookie } = save(sessions, (data) => void (data.name = "ana"));
    assert.deepEqual(read(sessions, cookieOf(setCookie)), { name: "ana" });
    assert.deepEqual(
      read(createSessions({ ...options, secretKey: `${secretKey}!` }), cookieOf(setCookie)),
      {},
    );
  },
  "encrypted sessions": () => {
    const sessions = createSessions({ ...options, encrypt: true });
    const { setCookie } = save(sessions, (data) => void (data.name = "ana"));
    assert.deepEqual(read(sessions, cookieOf(setCookie)), { name: "ana" });
    assert.deepEqual(read(createSessions(options), cookieOf(setCookie)), {});
    // These sessions have not seen the cookie, so they decrypt it.
    const others = createSessions({ ...options, encrypt: true });
    assert.deepEqual(read(others, cookieOf(setCookie)), { name: "ana" });
    const large = { text: "x".repeat(4200) };
    const chunked = { ...options, encrypt: true, chunks: 6000 };
    for (let time = 0; time < 100; time += 1) {
      const written = save(createSessions(chunked), (data) => void Object.assign(data, large));
      assert.deepEqual(read(createSessions(chunked), cookieOf(written.setCookie)), large);
    }
  },
  "encrypted tokens of both kinds, recorded on Node": () => {
    const sessions = createSessions({ ...options, encrypt: true, maxAge: null });
    for (const token of RECORDED) {
      assert.deepEqual(read(sessions, `session=${token}`), { name: "ana" });
      assert.deepEqual(
        read(sessions, `session=${token.slice(0, -1)}${otherThan(token.at(-1))}`),
        {},
      );
    }
  },
  "tampered tokens": () => {
    const sessions = createSessions(options);
    const cookie = cookieOf(save(sessions, (data) => void (data.name = "ana")).setCookie);
    for (let at = "session=".length; at < cookie.length; at += 7) {
      const other = otherThan(cookie[at]);
      assert.deepEqual(read(sessions, cookie.slice(0, at) + other + cookie.slice(at + 1)), {});
    }
  },
  "key rotation": () => {
    const old = cookieOf(
      save(createSessions(options), (data) => void (data.name = "ana")).setCookie,
    );
    const both = createSessions({
      ...options,
      secretKey: [new Secret(`${secretKey} 2`), secretKey],
    });
    const context = both.open(old);
    assert.equal(context.session.name, "ana");
    assert.equal(context.commit().setCookie.length, 1);
  },
  "functions of sessions": () => {
    const sessions = createSessions(options);
    const first = cookieOf(save(sessions, (data) => void flash(data, "notice", "saved")).setCookie);
    const context = sessions.open(first);
    const { id } = describe(context.session);
    assert.equal(flash(context.session, "notice"), "saved");
    assert.equal(csrfToken(context.session).length, 64);
    renew(context.session);
    assert.notEqual(describe(context.session).id, id);
    destroy(context.session);
    assert.match(context.commit().setCookie[0], /Max-Age=0/);
  },
  "another framework's cookie": () => {
    const format = starlette({ secretKey });
    const cookie = cookieOf(
      save(createSessions({ ...options, writeAs: format }), (data) => void (data.name = "ana"))
        .setCookie,
    );
    assert.deepEqual(read(createSessions({ ...options, formats: [format] }), cookie), {
      name: "ana",
    });
  },
  "fetch: headers": async () => {
    const serve = session(options)(handler);
    const untouched = await get(serve, "/");
    assert.equal(untouched.headers.get("vary"), null);
    const first = await get(serve, "/set");
    assert.equal(first.headers.get("cache-control"), "private, no-store");
    assert.equal(first.headers.get("vary"), "Cookie");
    const setCookie = first.headers.getSetCookie();
    assert.equal(setCookie.length, 1);
    const second = await get(serve, "/set", { headers: { cookie: cookieOf(setCookie) } });
    assert.deepEqual(await second.json(), { views: 2 });
    const end = await get(serve, "/end", { headers: { cookie: cookieOf(setCookie) } });
    assert.match(end.headers.getSetCookie()[0], /Max-Age=0/);
  },
  "fetch: headers that cannot be changed": async () => {
    const response = await get(session(options)(handler), "/redirect");
    assert.equal(response.status, 302);
    assert.equal(response.headers.getSetCookie().length, 1);
  },
  "fetch: error responses": async () => {
    const onError = () => new Response("failed", { status: 500 });
    const response = await get(withSession(handler, options, { onError }), "/throw");
    assert.equal(response.status, 500);
    assert.equal(response.headers.getSetCookie().length, 1);
  },
  "fetch: late writes": async () => {
    const response = await get(session(options)(handler), "/late");
    assert.equal(await response.text(), "ERR_SESSION_COMMITTED");
  },
  "fetch: cross-site requests": async () => {
    const serve = session(options)(handler);
    const post = (headers) => get(serve, "/set", { method: "POST", headers });
    // A Request of a browser's API may not take these headers; a server's must.
    assert.equal((await post({ "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await post({ origin: "https://evil.example" })).status, 403);
    assert.equal((await post({ origin: "http://localhost" })).status, 200);
  },
  "fetch: a token in a form": async () => {
    const sessions = createSessions({ ...options, csrf: "strict" });
    let token = "";
    const cookie = cookieOf(save(sessions, (data) => void (token = csrfToken(data))).setCookie);
    const serve = session(sessions)(async (request) => new Response(await request.text()));
    const body = new URLSearchParams({ csrf_token: token, text: "kept" });
    const response = await get(serve, "/", { method: "POST", body, headers: { cookie } });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), body.toString());
    const refused = await get(serve, "/", {
      method: "POST",
      body: "text=kept",
      headers: { cookie },
    });
    assert.equal(refused.status, 403);
  },
  "errors and events": () => {
    const sessions = createSessions(options);
    assert.throws(
      () => createSessions({ ...options, maxage: 1 }),
      (error) => error instanceof SessionError && error.code === "ERR_SESSION_OPTION",
    );
    const context = sessions.open("");
    context.session.big = "x".repeat(6000);
    assert.throws(
      () => context.commit(),
      (error) => error.code === "ERR_SESSION_TOO_LARGE",
    );
    assert.ok(
      events.includes("created") && events.includes("rejected") && events.includes("oversize"),
    );
    applyCommit(context.commit(), new Headers());
  },
};

/** What a runtime cannot do, by the code of its error. */
export class Unsupported extends Error {}

/** Runs the checks. @returns for each name "ok", the code of what cannot be done, or what failed */
export async function runChecks(all = checks) {
  const outcomes = {};
  for (const [name, check] of Object.entries(all)) {
    try {
      await check();
      outcomes[name] = "ok";
    } catch (error) {
      outcomes[name] =
        error instanceof Unsupported ? error.message : `FAILED ${error?.stack ?? error}`;
    }
  }
  return outcomes;
}
