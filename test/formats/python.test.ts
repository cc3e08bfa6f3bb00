import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { django } from "../../packages/session/src/formats/django.ts";
import { flask } from "../../packages/session/src/formats/flask.ts";
import { starlette } from "../../packages/session/src/formats/starlette.ts";
import { available, command, PYTHON, pythonModule } from "../support/require.ts";
import { Jar } from "../adapters/wire.ts";
import { ask, firstMessage, startProgram, type Neighbour } from "./neighbour.ts";
import { startOurs } from "./ours.ts";
import {
  expectOneSession,
  expectTheyReadOurs,
  expectWeReadTheirs,
  jsonOf,
  manySessions,
  type Shared,
} from "./shared.ts";

const secretKey = "the key of a service in Python, of more than 32 characters";
const frameworks = [
  {
    name: "starlette",
    format: starlette({ secretKey }),
    needs: [
      pythonModule("starlette", "python3-starlette"),
      pythonModule("itsdangerous", "python3-itsdangerous"),
      pythonModule("uvicorn", "python3-uvicorn"),
      pythonModule("websockets", "python3-websockets"),
    ],
  },
  {
    name: "flask",
    format: flask({ secretKey }),
    needs: [pythonModule("flask", "python3-flask")],
  },
  {
    name: "django",
    format: django({ secretKey }),
    needs: [pythonModule("django", "python3-django"), pythonModule("uvicorn", "python3-uvicorn")],
  },
] as const;

describe.each(frameworks)("$name beside us, one cookie jar", ({ name, format, needs }) => {
  const runs = available(command(PYTHON, "python3"), ...needs);
  let shared: Shared;
  beforeAll(async () => {
    if (!runs) return;
    const theirs = await startProgram(PYTHON, `${name}_app.py`, { SESSION_KEY: secretKey });
    const ours = await startOurs({ writeAs: format });
    shared = { theirs, ours, format, numbers: "python" };
  });
  afterAll(async () => {
    await Promise.all([shared?.theirs.close(), shared?.ours.close()]);
  });

  it.runIf(runs)("writes 200 sessions that we read", () => expectWeReadTheirs(shared));
  it.runIf(runs)("reads 200 sessions that we write", () => expectTheyReadOurs(shared));
  it.runIf(runs)("takes turns with us in changing one session", () => expectOneSession(shared));

  it.runIf(runs)("ends the session for both, on either side", async () => {
    const jar = new Jar();
    for (const [writer, ender] of [
      [shared.ours, shared.theirs],
      [shared.theirs, shared.ours],
    ] as const) {
      await ask(writer, jar, "PUT", "/session", '{"user":"alice"}');
      expect(jar.names).toEqual([format.cookieNames[0]]);
      await ask(ender, jar, "PUT", "/session", "{}");
      expect(jar.names).toEqual([]);
    }
  });

  if (name !== "starlette") return;
  it.runIf(runs)("shares it with WebSockets too", async () => {
    const jar = new Jar();
    for (const session of manySessions(shared, 3)) {
      await ask(shared.theirs, jar, "PUT", "/session", jsonOf(session, "python"));
      expect(JSON.parse(await firstMessage(shared.ours, jar))).toEqual(session);
      await ask(shared.ours, jar, "PUT", "/session", JSON.stringify(session));
      expect(JSON.parse(await firstMessage(shared.theirs, jar))).toEqual(session);
    }
  });
});

describe("Python's own values, through us and back", () => {
  const needs = [command(PYTHON, "python3"), pythonModule("flask", "python3-flask")];
  const runs = available(...needs);
  let theirs: Neighbour | undefined;
  let ours: Neighbour | undefined;
  beforeAll(async () => {
    if (!runs) return;
    theirs = await startProgram(PYTHON, "flask_app.py", { SESSION_KEY: secretKey });
    ours = await startOurs({ writeAs: flask({ secretKey }) });
  });
  afterAll(async () => {
    await Promise.all([theirs?.close(), ours?.close()]);
  });

  it.runIf(runs)("are of the same type and value in Flask", async () => {
    if (theirs === undefined || ours === undefined) throw new Error("not started");
    const jar = new Jar();
    await ask(theirs, jar, "PUT", "/types");
    const seen = JSON.parse(await ask(ours, jar, "GET", "/session")) as Record<string, unknown>;
    expect(seen["tuple"]).toEqual({ " t": [1, { " t": ["a", [2]] }] });
    expect(seen["big"]).toEqual({ $number: String(2n ** 70n) });
    expect(seen["infinity"]).toEqual({ $number: "Infinity" });
    expect(seen["only_a_tag"]).toEqual({ " b": 5 });
    await ask(ours, jar, "PUT", "/session", JSON.stringify({ ...seen, ours: 1 }));
    const kept = JSON.parse(await ask(theirs, jar, "GET", "/types")) as Record<string, boolean>;
    expect(Object.keys(kept)).toHaveLength(11);
    expect(Object.values(kept).every(Boolean), JSON.stringify(kept)).toBe(true);
  });
});
