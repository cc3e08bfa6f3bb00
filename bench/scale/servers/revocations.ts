// node revocations.ts COUNT: a server whose store contains this many ended sessions.
import { memoryStore } from "@galleta/session";
import { randomBytes } from "node:crypto";
import { App, configure, serve } from "galleta";
import { login, read, SECRET, userOf, type Visit } from "../../http/views.ts";

const count = Number(process.argv[2]);
const store = memoryStore({ max: 2_000_000 });

// A session's end under its own key, as `destroy` writes it.
for (let i = 0; i < count; i += 1) {
  const key = `e:${randomBytes(16).toString("base64url")}`;
  store.replace({ key, base: 0, rev: 9_999_999_999, value: "", seconds: 14 * 86_400 });
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
