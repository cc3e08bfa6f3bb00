// node miniflare.mjs <bundle> <d1 | objects>: runs a Worker on workerd with the databases of Cloudflare,
// and prints what failed, as JSON.
import assert from "node:assert/strict";
import process from "node:process";
import { Miniflare } from "miniflare";

const [, , script, name] = process.argv;
const miniflare = new Miniflare({
  modules: [{ type: "ESModule", path: script }],
  compatibilityDate: "2025-09-01",
  compatibilityFlags: ["nodejs_compat"],
  d1Databases: { DB: "sessions" },
  durableObjects: { SESSIONS: { className: "SessionObject", useSQLite: true } },
});

const get = (path, cookie = "") =>
  miniflare.dispatchFetch(`http://${name}.example${path}`, { headers: { cookie } });
const cookieOf = (response) => response.headers.getSetCookie()[0]?.split(";")[0];

/** Requests on workerd have their own I/O: what one of them asked, another must not wait for. */
async function overHttp() {
  const first = await get("/");
  assert.deepEqual(await first.json(), { n: 1 });
  const cookie = cookieOf(first);
  const answers = await Promise.all(Array.from({ length: 20 }, () => get("/", cookie)));
  for (const { status } of answers) assert.equal(status, 200);
  const last = await get("/", cookie);
  const { n } = await last.json();
  assert.ok(n >= 2, `${n}`);
  const end = await get("/end", cookieOf(last));
  assert.match(end.headers.getSetCookie()[0], /Max-Age=0/);
  assert.deepEqual(await (await get("/", cookie)).json(), { n: 1 });
}

try {
  const outcomes = await (await get("/checks")).json();
  try {
    await overHttp();
    outcomes["a session over HTTP"] = "ok";
  } catch (error) {
    outcomes["a session over HTTP"] = `FAILED ${error?.stack ?? error}`;
  }
  console.log(JSON.stringify(outcomes));
} finally {
  await miniflare.dispose();
}
process.exit();
