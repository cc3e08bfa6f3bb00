import { on } from "node:events";
import { readFileSync } from "node:fs";
import { App, configure, destroy, HTTPError } from "galleta";
import * as settings from "./settings.ts";
import { addTodo, arrivals, readContent, todosAfter, type Todo } from "./todos.ts";

declare module "@galleta/session" {
  interface SessionData {
    /** The last todo that this visitor has seen. */
    lastId: number;
  }
}

export const app = new App();
configure(app, settings);

app.route("/unseen-todos", (req, res) => {
  const unseen = todosAfter(req.session.lastId ?? -1);
  const last = unseen.at(-1);
  if (last !== undefined) req.session.lastId = last.id;
  res.json = unseen;
});

app.route("/todos", { methods: ["POST"] }, async (req, res) => {
  const read = readContent(await req.json());
  if ("problem" in read) throw new HTTPError(400, { detail: read.problem });
  res.status = 201;
  res.json = addTodo(read.content);
});

app.route("/forget", { methods: ["POST"] }, (req, res) => {
  destroy(req.session);
  res.status = 204;
});

app.websocketRoute("/feed", { valueType: "json" }, async (ws) => {
  // Listening begins before the handshake ends, and what comes while one todo is sent waits in the
  // iterator: none is lost, none comes twice.
  const coming = on(arrivals, "todo", { signal: ws.signal });
  await ws.accept();
  for await (const [todo] of coming) await ws.send(todo as Todo);
});

const file = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");

app.route("/", (_, res) => {
  res.headers.set("content-security-policy", "default-src 'self'; img-src data:");
  res.html = file("index.html");
});

for (const [name, type] of [
  ["page.js", "text/javascript"],
  ["page.css", "text/css"],
] as const) {
  app.route(`/${name}`, (_, res) => {
    res.headers.set("content-type", `${type}; charset=utf-8`);
    res.body = file(name);
  });
}

export default app;
