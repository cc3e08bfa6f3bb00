import { afterEach, describe, expect, it } from "vitest";
import { cookieSession } from "../../packages/session/src/formats/cookie-session.ts";
import { django } from "../../packages/session/src/formats/django.ts";
import { flask } from "../../packages/session/src/formats/flask.ts";
import { ironSession } from "../../packages/session/src/formats/iron-session.ts";
import { rails } from "../../packages/session/src/formats/rails.ts";
import { starlette } from "../../packages/session/src/formats/starlette.ts";
import type { SessionEvent } from "../../packages/session/src/session/event-types.ts";
import type { JsonObject } from "../../packages/session/src/session/format.ts";
import { available, command, PYTHON, pythonModule, RUBY, rubyLibrary } from "../support/require.ts";
import { seeded } from "../support/mutate.ts";
import { startCookieSession, startIronSession } from "./express.ts";
import { Jar } from "../adapters/wire.ts";
import { ask, firstMessage, startProgram, type Neighbour } from "./neighbour.ts";
import { startOurs } from "./ours.ts";

const secretKey = "the key of the old application, of more than 32 characters";
const olds = [
  {
    name: "cookie-session on Express",
    format: cookieSession({ secretKey }),
    start: () => startCookieSession([secretKey]),
    needs: [],
  },
  {
    name: "Starlette",
    format: starlette({ secretKey }),
    start: () => startProgram(PYTHON, "starlette_app.py", { SESSION_KEY: secretKey }),
    needs: [
      command(PYTHON, "python3"),
      pythonModule("starlette", "python3-starlette"),
      pythonModule("itsdangerous", "python3-itsdangerous"),
      pythonModule("uvicorn", "python3-uvicorn"),
      pythonModule("websockets", "python3-websockets"),
    ],
  },
  {
    name: "Flask",
    format: flask({ secretKey }),
    start: () => startProgram(PYTHON, "flask_app.py", { SESSION_KEY: secretKey }),
    needs: [command(PYTHON, "python3"), pythonModule("flask", "python3-flask")],
  },
  {
    name: "Django",
    format: django({ secretKey }),
    start: () => startProgram(PYTHON, "django_app.py", { SESSION_KEY: secretKey }),
    needs: [
      command(PYTHON, "python3"),
      pythonModule("django", "python3-django"),
      pythonModule("uvicorn", "python3-uvicorn"),
    ],
  },
  ...([8, 9] as const).map((major) => ({
    name: `iron-session ${major}`,
    format: ironSession({ secretKey, sessionCookie: "iron" }),
    start: () => startIronSession(major, "iron", secretKey),
    needs: [],
  })),
  {
    name: "Rails",
    format: rails({ secretKey, sessionCookie: "_app_session" }),
    start: () => startProgram(RUBY, "rails_app.rb", { SESSION_KEY: secretKey, DIGEST: "SHA256" }),
    needs: [
      command(RUBY, "ruby"),
      rubyLibrary("action_controller/railtie", "ruby-railties ruby-actionpack"),
      rubyLibrary("webrick", "ruby-webrick"),
    ],
  },
];

/** Returns the data of a session, without the id that Rails adds. */
function dataOf(json: string): JsonObject {
  const session = JSON.parse(json) as JsonObject;
  return Object.fromEntries(Object.entries(session).filter(([key]) => key !== "session_id"));
}

interface User {
  readonly name: string;
  readonly jar: Jar;
  visits: number;
}

/** Makes a visit: the user is known, all data is there, and one thing changes. */
async function visit(user: User, server: Neighbour): Promise<void> {
  const session = dataOf(await ask(server, user.jar, "GET", "/session"));
  expect(session).toEqual({ user: user.name, visits: user.visits });
  user.visits += 1;
  const changed = JSON.stringify({ user: user.name, visits: user.visits });
  await ask(server, user.jar, "PUT", "/session", changed);
}

describe.each(olds)("moving from $name to Galleta", ({ format, start, needs }) => {
  const running: Neighbour[] = [];
  const run = async (starting: Promise<Neighbour>) => {
    const server = await starting;
    running.push(server);
    return server;
  };
  afterEach(() => Promise.all(running.splice(0).map((server) => server.close())));
  const sessionCookie = format.cookieNames[0] ?? "";

  it.runIf(available(...needs))("keeps all users logged in", async () => {
    const events: SessionEvent[] = [];
    const onEvent = (event: SessionEvent) => void events.push(event);
    const ofType = (type: string) => events.filter((event) => event.type === type);
    const random = seeded(6);

    // All users are logged in to the old application.
    const old = await run(start());
    const users = Array.from({ length: 20 }, (_, i) => ({
      name: `user ${i}`,
      jar: new Jar(),
      visits: 0,
    }));
    for (const { name, jar } of users) {
      await ask(old, jar, "PUT", "/session", JSON.stringify({ user: name, visits: 0 }));
    }

    // Old and new run side by side, and every request may reach either.
    const sharing = await run(startOurs({ writeAs: format, onEvent }));
    for (let i = 0; i < 150; i += 1) await visit(random.pick(users), random.pick([old, sharing]));
    expect(ofType("migrated")).toEqual([]);

    // The old one is gone. The new instances start to write their own cookie, one after another.
    await old.close();
    const moving = await run(startOurs({ sessionCookie, formats: [format], onEvent }));
    const [late, ...present] = users;
    if (late === undefined) throw new Error("nobody");
    for (const user of present) {
      expect(dataOf(await firstMessage(moving, user.jar))).toEqual({
        user: user.name,
        visits: user.visits,
      });
    }
    events.length = 0;
    for (const user of present) await visit(user, moving);
    expect(ofType("migrated")).toHaveLength(present.length);
    for (const { jar } of present) expect(jar.get(sessionCookie)).toMatch(/^Uw/);
    for (let i = 0; i < 150; i += 1)
      await visit(random.pick(present), random.pick([moving, sharing]));

    // All users who came meanwhile have the new cookie, and the old format is no longer read.
    for (const user of present) await visit(user, moving);
    await Promise.all([sharing.close(), moving.close()]);
    events.length = 0;
    const moved = await run(startOurs({ sessionCookie, onEvent }));
    for (const user of present) await visit(user, moved);
    expect(ofType("rejected")).toEqual([]);
    expect(await ask(moved, late.jar, "GET", "/session")).toBe("{}");
    expect(ofType("rejected")).toHaveLength(1);
  });

  it.runIf(available(...needs))("leaves no old cookie behind at the logout", async () => {
    const [old, moving] = await Promise.all([
      run(start()),
      run(startOurs({ sessionCookie, formats: [format] })),
    ]);
    const jar = new Jar();
    await ask(old, jar, "PUT", "/session", '{"user":"alice"}');
    await ask(moving, jar, "PUT", "/session", '{"user":"alice","n":1}');
    await ask(moving, jar, "PUT", "/session", "{}");
    expect(jar.names).toEqual([]);
    expect(dataOf(await ask(old, jar, "GET", "/session"))).toEqual({});
  });

  it.runIf(available(...needs))("reads an old cookie beside one of another name", async () => {
    const options = { sessionCookie: "galleta", formats: [format] };
    const [old, moving] = await Promise.all([run(start()), run(startOurs(options))]);
    const jar = new Jar();
    await ask(old, jar, "PUT", "/session", '{"user":"alice"}');
    expect(dataOf(await ask(moving, jar, "GET", "/session"))).toEqual({ user: "alice" });
    expect(jar.names).toEqual(["galleta", ...format.cookieNames].toSorted());
    expect(dataOf(await ask(old, jar, "GET", "/session"))).toEqual({ user: "alice" });
  });
});
