// node galleta.ts [off | on] [maxAge in seconds]
import { App, configure, serve } from "galleta";
import { login, SECRET, userOf, type Visit } from "../../http/views.ts";

const [mode, maxAge] = process.argv.slice(2);
const isOn = mode !== "off";
const app = new App<Visit>();
const options = { secretKey: SECRET, ...(maxAge === undefined ? {} : { maxAge: Number(maxAge) }) };
configure(app, isOn ? { SESSIONS: options } : {});

app.route("/login", (req, res) => {
  res.json = isOn ? login(req.session, userOf(req.url.search)) : {};
});
app.route("/revoke", (req, res) => {
  req.session = null;
  res.json = {};
});
app.route("/memory", (_req, res) => {
  globalThis.gc?.();
  res.json = process.memoryUsage();
});
app.websocketRoute("/echo", async (ws) => {
  if (isOn && ws.session.user === undefined) return ws.reject(403);
  for await (const message of ws) await ws.send(message);
});

const { port } = await serve(app, { port: 0 });
console.log(`PORT ${port}`);
