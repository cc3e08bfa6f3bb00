// What every store must do: the conformance suite, and 20,000 operations at once. Plain JavaScript on
// the built package, so that it runs on Node, Deno and workerd.
import assert from "node:assert/strict";
import { createSessions, destroy } from "@galleta/session";
import { storeCases } from "@galleta/session/testing";

const SESSIONS = 100;
const ROUNDS = 100;

/**
 * @param open gives stores that share one database
 * @param hasCrowd false for a server that is too slow for 20,000 operations
 * @returns for each name "ok", or what failed
 */
export async function checkStore(open, hasCrowd = true) {
  const outcomes = {};
  const cases = [...storeCases(open)];
  if (hasCrowd) cases.push({ name: "20,000 operations at once", run: () => crowd(open) });
  for (const { name, run } of cases) {
    try {
      await run();
      outcomes[name] = "ok";
    } catch (error) {
      outcomes[name] = `FAILED ${error?.stack ?? error}`;
    }
  }
  return outcomes;
}

const conflicts = [];

async function start(open) {
  return createSessions({
    secretKey: "a secret key of the databases' suite, long enough",
    store: await open(),
    storage: "store",
    subject: "userId",
    storeTimeout: 60,
    onEvent: ({ type }) => type === "conflict" && conflicts.push(type),
  });
}

async function begin(sessions, jar) {
  const context = sessions.open(jar.cookie);
  await context.load();
  return context;
}

async function finish(context, jar) {
  for (const line of (await context.commit()).setCookie) {
    jar.cookie = line.includes("Max-Age=0") ? "" : line.slice(0, line.indexOf(";"));
  }
}

async function request(sessions, jar, handler) {
  const context = await begin(sessions, jar);
  handler(context.session);
  await finish(context, jar);
}

async function read(sessions, cookie) {
  return { ...(await begin(sessions, { cookie })).session };
}

/** Two processes change 100 sessions 100 times each, then end half of them beside late writes. */
async function crowd(open) {
  const [one, two] = [await start(open), await start(open)];
  const jars = Array.from({ length: SESSIONS }, () => ({ cookie: "" }));
  await Promise.all(
    jars.map((jar, i) => request(one, jar, (session) => void (session.userId = `user-${i}`))),
  );
  const copies = jars.map(({ cookie }) => cookie);
  await Promise.all(
    jars.map(async (jar, i) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const sessions = (i + round) % 2 === 0 ? one : two;
        await request(sessions, jar, (session) => void (session.n = (session.n ?? 0) + 1));
      }
    }),
  );
  await Promise.all(
    jars.map(async (jar, i) => {
      if (i % 2 === 1) return;
      const late = await begin(two, { ...jar });
      late.session.late = true;
      await request(one, { ...jar }, (session) => destroy(session));
      await late.commit();
    }),
  );
  const three = await start(open);
  for (const [i, { cookie }] of jars.entries()) {
    const expected = i % 2 === 0 ? {} : { userId: `user-${i}`, n: ROUNDS };
    assert.deepEqual(await read(three, cookie), expected);
    if (i % 2 === 0) assert.deepEqual(await read(three, copies[i]), {});
  }
  assert.deepEqual(conflicts, []);
}
