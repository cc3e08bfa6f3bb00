// node galleta.ts [off | headers | signed | encrypted]
import { App, configure, serve } from "galleta";
import { announce } from "../listening.ts";
import { login, PLAIN, read, SECRET, threeHeaders, userOf, write, type Visit } from "../views.ts";

const mode = process.argv[2] ?? "signed";
const app = new App<Visit>();
const options = { secretKey: SECRET, encrypt: mode === "encrypted" };
const isBare = mode === "off" || mode === "headers";
configure(app, isBare ? {} : { SESSIONS: options });

app.route("/plain", (_req, res) => {
  if (mode === "headers") {
    for (const [name, value] of Object.entries(threeHeaders())) res.headers.set(name, value);
  }
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
