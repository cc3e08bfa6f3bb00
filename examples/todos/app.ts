import { on } from "node:events";
import { readFileSync } from "node:fs";
import {
  App,
  configure,
  describe,
  destroy,
  HTTPError,
  update,
  type SessionData,
  type Socket,
} from "galleta";
import * as settings from "./settings.ts";
import { addTodo, arrivals, readContent, readSeen, todosAfter, type Todo } from "./todos.ts";

declare module "@galleta/session" {
  interface SessionData {
    /** The last todo that this visitor has seen. */
    lastId: number;
  }
}

type Feed = Socket<SessionData, Record<never, string>, "json">;

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

/** Brings what is unseen, then what arrives; the page answers with the last that it showed. */
app.websocketRoute("/feed", { valueType: "json" }, async (ws) => {
  // Listening begins before the list is read, and what comes while one todo is sent waits in the
  // iterator: none is lost.
  const coming = on(arrivals, "todo", { signal: ws.signal });
  await Promise.all([sendTodos(ws, coming), noteSeen(ws)]);
});

async function sendTodos(ws: Feed, coming: AsyncIterable<Todo[]>): Promise<void> {
  for (const todo of todosAfter(ws.session.lastId ?? -1)) await ws.send(todo);
  for await (const [todo] of coming) await ws.send(todo);
}

async function noteSeen(ws: Feed): Promise<void> {
  for await (const message of ws) {
    // Without cookies there is nobody to remember it for.
    if (describe(ws.session).isNew) continue;
    const seen = readSeen(message);
    // The handshake is over: `update` brings the change into the cookie all the same.
    await update(ws.session, (draft) => {
      draft.lastId = Math.max(draft.lastId ?? -1, seen);
    });
  }
}

app.route("/", (req, res) => {
  // A visitor has a session from the first page on, so that the feed has one to change.
  req.session.lastId ??= -1;
  res.headers.set("content-security-policy", "default-src 'self'; img-src data:");
  res.html = readFileSync(new URL("./page/index.html", import.meta.url), "utf8");
});

const assets = {
  "/page.js": ["text/javascript", new URL("./page/page.js", import.meta.url)],
  "/page.css": ["text/css", new URL("./page/page.css", import.meta.url)],
  "/client.js": ["text/javascript", new URL(import.meta.resolve("@galleta/session/client"))],
} as const;
for (const [path, [type, source]] of Object.entries(assets)) {
  app.route(path, (_, res) => {
    res.headers.set("content-type", `${type}; charset=utf-8`);
    res.body = readFileSync(source, "utf8");
  });
}

export default app;
