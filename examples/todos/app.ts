import { on } from "node:events";
import { readFileSync } from "node:fs";
import {
  App,
  configure,
  describe,
  destroy,
  HTTPError,
  renew,
  setMaxAge,
  update,
  type SessionData,
  type Socket,
} from "galleta";
import * as settings from "./settings.ts";
import {
  addTodo,
  arrivals,
  LIST,
  readContent,
  readSeen,
  readSignIn,
  todosAfter,
  type Todo,
} from "./todos.ts";

const DAY = 86_400;

declare module "@galleta/session" {
  interface SessionData {
    /** The last todo that this visitor has seen. */
    lastId: number;
    /** The list that the todo is in. */
    list: string;
    /** The name of the user who is logged in. */
    name: string;
  }
}

type Feed = Socket<SessionData, Record<never, string>, "json">;

export const app = new App();
configure(app, settings);

/** Returns the last todo of this list that a visitor has seen. */
function lastSeen({ list, lastId }: Partial<SessionData>): number {
  return list === LIST ? (lastId ?? -1) : -1;
}

app.route("/unseen-todos", (req, res) => {
  const unseen = todosAfter(lastSeen(req.session));
  const last = unseen.at(-1);
  if (last !== undefined) Object.assign(req.session, { list: LIST, lastId: last.id });
  res.json = unseen;
});

app.route("/all-todos", (req, res) => {
  res.json = { todos: todosAfter(-1), seen: lastSeen(req.session) };
});

app.route("/todos", { methods: ["POST"] }, async (req, res) => {
  const read = readContent(await req.json());
  if ("problem" in read) throw new HTTPError(400, { detail: read.problem });
  res.status = 201;
  res.json = addTodo(read.content);
});

app.route("/sign-in", { methods: ["POST"] }, async (req, res) => {
  const { name, remember } = readSignIn(await req.json());
  if (name === "") throw new HTTPError(400, { detail: "Enter a name." });
  renew(req.session);
  // Without the checkbox, the browser deletes the session when it closes.
  setMaxAge(req.session, remember ? 30 * DAY : null);
  req.session.name = name;
  res.status = 204;
});

app.route("/devices", async (req, res) => {
  const { name = null } = req.session;
  res.json = { name, devices: await app.sessions.list(req.session) };
});

app.route("/devices/end", { methods: ["POST"] }, async (req, res) => {
  const { handle } = (await req.json()) as { handle?: unknown };
  await app.sessions.end(String(handle), { by: req.session });
  res.status = 204;
});

/** Logs the user out everywhere: in this browser and all others. */
app.route("/forget", { methods: ["POST"] }, async (req, res) => {
  const { name } = req.session;
  destroy(req.session);
  if (name !== undefined) await app.sessions.revokeAll(name);
  res.status = 204;
});

/** Sends unseen todos, then new ones. The page answers with the last id that it showed. */
app.websocketRoute("/feed", { valueType: "json" }, async (ws) => {
  // Starts to listen before the list is read. New todos wait in the iterator while one is sent, so
  // none is lost.
  const coming = on(arrivals, "todo", { signal: ws.signal });
  await Promise.all([sendTodos(ws, coming), noteSeen(ws)]);
});

async function sendTodos(ws: Feed, coming: AsyncIterable<Todo[]>): Promise<void> {
  await ws.send({ list: LIST });
  for (const todo of todosAfter(lastSeen(ws.session))) await ws.send(todo);
  for await (const [todo] of coming) await ws.send(todo);
}

async function noteSeen(ws: Feed): Promise<void> {
  for await (const message of ws) {
    // Without a cookie, the session cannot store the position.
    if (describe(ws.session).isNew) continue;
    const seen = readSeen(message);
    // The handshake is over, so `update` brings the change into the cookie.
    await update(ws.session, (draft) => {
      draft.lastId = Math.max(lastSeen(draft), seen);
      draft.list = LIST;
    });
  }
}

app.route("/", (req, res) => {
  // The first page sets a session, so that the feed has one to change.
  if (req.session.list !== LIST) Object.assign(req.session, { list: LIST, lastId: -1 });
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
