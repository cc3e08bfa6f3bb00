import type { Load } from "../lib/wrk.ts";

/** Which cookies a row is asked with. */
export type Users = "strangers" | "few" | "many";

/** One line of the table: a way to ask a server. */
export interface Row {
  readonly name: string;
  readonly server: string;
  readonly path: string;
  readonly users: Users;
  readonly follow?: boolean;
  /** The row that this one is compared with: the same server without a session. */
  readonly base?: string;
}

/** A server, by the file it is in and its arguments. */
export interface ServerSpec {
  readonly file: string;
  readonly args: readonly string[];
}

const spec = (name: string, ...args: string[]): ServerSpec => ({
  file: `http/servers/${name}`,
  args,
});

export const SERVERS: Readonly<Record<string, ServerSpec>> = {
  "node:http": spec("node-http.ts"),
  h3: spec("h3.ts"),
  App: spec("galleta.ts", "off"),
  "App + sessions": spec("galleta.ts", "signed"),
  "App + encrypted sessions": spec("galleta.ts", "encrypted"),
  Express: spec("express.ts", "off"),
  "Express + cookie-session": spec("express.ts", "cookie-session"),
  "Express + ours": spec("express.ts", "galleta"),
  Fastify: spec("fastify.ts", "off"),
  "Fastify + secure-session": spec("fastify.ts", "secure-session"),
  "Fastify + ours": spec("fastify.ts", "galleta"),
  Hono: spec("hono.ts", "off"),
  "Hono + ours": spec("hono.ts", "galleta"),
  "Starlette (uvicorn, uvloop, httptools)": spec("asgi.py", "off"),
  "Starlette + SessionMiddleware": spec("asgi.py", "session"),
};

/** The rows of a server with sessions: untouched, read, written. */
function withSessions(server: string, base: string, ours: boolean): Row[] {
  const row = { server, base, users: "few" } as const;
  return [
    { ...row, name: `${server}: untouched`, path: "/plain" },
    { ...row, name: `${server}: read`, path: "/read" },
    // Ours merges what an old cookie missed, so its users must bring the newest, as browsers do.
    { ...row, name: `${server}: read + write`, path: "/write", follow: ours },
  ];
}

const without = (server: string): Row => ({
  name: server,
  server,
  path: "/plain",
  users: "strangers",
});

const starlette = "Starlette (uvicorn, uvloop, httptools)";

export const ROWS: readonly Row[] = [
  without("node:http"),
  without("h3"),
  { ...without("App"), base: "h3" },
  ...withSessions("App + sessions", "App", true),
  {
    name: "App + sessions: read, 10,000 users",
    server: "App + sessions",
    path: "/read",
    users: "many",
    base: "App",
  },
  ...withSessions("App + encrypted sessions", "App", true).slice(1),
  without("Express"),
  ...withSessions("Express + cookie-session", "Express", false),
  ...withSessions("Express + ours", "Express", true),
  without("Fastify"),
  ...withSessions("Fastify + secure-session", "Fastify", false),
  ...withSessions("Fastify + ours", "Fastify", true),
  without("Hono"),
  ...withSessions("Hono + ours", "Hono", true),
  without(starlette),
  ...withSessions("Starlette + SessionMiddleware", starlette, false),
];

/** How many users there are, by name. */
export const USER_COUNTS: Readonly<Record<Users, number>> = {
  strangers: 256,
  few: 256,
  many: 10_000,
};

/** What is asked of the server in a row. */
export function loadOf(row: Row, jars: ReadonlyMap<Users, readonly string[]>): Load {
  const jar = jars.get(row.users) ?? [];
  return { path: row.path, jar, ...(row.follow === undefined ? {} : { follow: row.follow }) };
}
