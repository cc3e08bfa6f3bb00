import { App, configure, destroy, flash, renew } from "galleta";
import { page } from "./page.ts";
import * as settings from "./settings.ts";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
  }
}

export const app = new App();
configure(app, settings);

app.route("/", (req, res) => {
  res.html = page(req.session.user, flash(req.session, "notice"));
});

app.route("/login", { methods: ["POST"] }, async (req, res) => {
  const form = await req.formData();
  // Check a password or a passkey here. `renew` gives the session another id.
  renew(req.session);
  req.session.user = String(form.get("user") ?? "");
  flash(req.session, "notice", "Good to see you.");
  res.redirect("/", 303);
});

app.route("/logout", { methods: ["POST"] }, (req, res) => {
  destroy(req.session);
  res.redirect("/", 303);
});

/** Every socket is closed when its session ends. */
app.websocketRoute("/echo", { autoAccept: false }, async (ws) => {
  if (ws.session.user === undefined) return ws.reject(401);
  await ws.accept();
  for await (const message of ws) await ws.send(`${ws.session.user}: ${message}`);
});

export default app;
