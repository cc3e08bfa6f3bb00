// node galleta.ts [off | signed | encrypted]
import { App, configure, serve } from "galleta";
import { announce } from "../listening.ts";
import { login, PLAIN, read, SECRET, userOf, write, type Visit } from "../views.ts";

const mode = process.argv[2] ?? "signed";
const app = new App<Visit>();
const options = { secretKey: SECRET, encrypt: mode === "encrypted" };
configure(app, mode === "off" ? {} : { SESSIONS: options });

app.route("/plain", (_req, res) => {
  res.json = PLAIN;
});
app.route("/login", (req, res) => {
  res.json = login(req.session, userOf(req.url.search));
});
app.route("/read", (req, res) => {
  res.json = read(req.session);
});
app.route("/write", (req, res) => {
  res.json = write(req.session);
});

const { port } = await serve(app, { port: 0 });
announce(port);
