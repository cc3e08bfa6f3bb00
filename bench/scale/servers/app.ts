// An app for `galleta serve`.
import { App, configure } from "galleta";
import { login, read, SECRET, userOf, type Visit } from "../../http/views.ts";

const app = new App<Visit>();
configure(app, { SESSIONS: { secretKey: SECRET } });
app.route("/login", (req, res) => {
  res.json = login(req.session, userOf(req.url.search));
});
app.route("/read", (req, res) => {
  res.json = read(req.session);
});

export default app;
