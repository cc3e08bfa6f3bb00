import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rails } from "../../packages/session/src/formats/rails.ts";
import type { JsonObject } from "../../packages/session/src/session/format.ts";
import { available, command, RUBY, rubyLibrary } from "../support/require.ts";
import { Jar } from "../adapters/wire.ts";
import { ask, startProgram } from "./neighbour.ts";
import { startOurs } from "./ours.ts";
import { expectOneSession, expectTheyReadOurs, expectWeReadTheirs, type Shared } from "./shared.ts";

const secretKey = "the secret_key_base of an application in Ruby, which is long";
const sessionCookie = "_app_session";
const digests = ["sha256", "sha1"] as const;
const runs = available(
  command(RUBY, "ruby"),
  rubyLibrary("action_controller/railtie", "ruby-railties ruby-actionpack"),
  rubyLibrary("webrick", "ruby-webrick"),
);

/** Returns the data without the id that Rails adds, and without nil. */
const dataOf = (session: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(session).filter(([key, value]) => key !== "session_id" && value !== null),
  );

// WEBrick reads a header of at most 4096 bytes, and percent-encoding makes the length uncertain.
const limit = 3800;

describe.each(digests)("Rails with a key generator of %s, one cookie jar", (digest) => {
  const format = rails({ secretKey, sessionCookie, digest });
  let shared: Shared;
  beforeAll(async () => {
    if (!runs) return;
    const env = { SESSION_KEY: secretKey, DIGEST: digest.toUpperCase() };
    const theirs = await startProgram(RUBY, "rails_app.rb", env);
    const ours = await startOurs({ writeAs: format });
    shared = { theirs, ours, format, limit, numbers: "ruby", dataOf };
  });
  afterAll(async () => {
    await Promise.all([shared?.theirs.close(), shared?.ours.close()]);
  });

  it.runIf(runs)("writes 200 sessions that we read", () => expectWeReadTheirs(shared));
  it.runIf(runs)("reads 200 sessions that we write", () => expectTheyReadOurs(shared));
  it.runIf(runs)("takes turns with us in changing one session", () => expectOneSession(shared));

  it.runIf(runs)("keeps its session_id through us", async () => {
    const { theirs, ours } = shared;
    const jar = new Jar();
    await ask(theirs, jar, "PUT", "/session", '{"user":"alice"}');
    const before = JSON.parse(await ask(ours, jar, "GET", "/session")) as JsonObject;
    await ask(ours, jar, "PUT", "/session", JSON.stringify({ ...before, more: 1 }));
    const after = JSON.parse(await ask(theirs, jar, "GET", "/session")) as JsonObject;
    expect(after).toEqual({ ...before, more: 1 });
    expect(after["session_id"]).toMatch(/^[0-9a-f]{32}$/);
  });
});
