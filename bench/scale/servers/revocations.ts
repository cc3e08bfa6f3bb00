// node revocations.ts COUNT: a server whose store holds so many ended sessions.
import { createSessions, memoryStore } from "@galleta/session";
import { randomBytes } from "node:crypto";
import { App, configure, serve } from "galleta";
import { login, read, SECRET, userOf, type Visit } from "../../http/views.ts";

const count = Number(process.argv[2]);
const store = memoryStore({ max: 2_000_000 });

/** A line of the log, learnt from a session that is really ended; the others say the same of more. */
async function endOne(): Promise<{ text: string; sid: string }> {
  const sessions = createSessions<Visit>({ secretKey: SECRET, store });
  sessions.start();
  const first = sessions.open("");
  await first.load();
  first.session = { n: 1 };
  const { setCookie } = await first.commit();
  const second = sessions.open(setCookie[0]?.split(";")[0]);
  await second.load();
  const { sid } = second.state;
  second.session = null;
  await second.commit();
  sessions.stop();
  const { entries } = await store.read(undefined);
  const text = entries.find((entry) => entry.includes(sid));
  if (text === undefined) throw new Error("The store has no line of the session that ended.");
  return { text, sid };
}

if (count > 0) {
  const { text, sid } = await endOne();
  const until = Math.floor(Date.now() / 1000) + 14 * 86_400;
  const entries = Array.from({ length: count }, () => {
    const other = randomBytes(16).toString("base64url");
    return { text: text.replace(sid, other), until };
  });
  await store.append(entries);
}

const app = new App<Visit>();
configure(app, { SESSIONS: { secretKey: SECRET, store } });
app.route("/login", (req, res) => {
  res.json = login(req.session, userOf(req.url.search));
});
app.route("/read", (req, res) => {
  res.json = read(req.session);
});
const { port } = await serve(app, { port: 0 });
console.log(`PORT ${port}`);
