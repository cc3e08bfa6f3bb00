/** One way to ask a server. */
export interface Row {
  readonly server: string;
  readonly path: "/plain" | "/read" | "/write";
  readonly users: number;
  /** Processes that share the users. */
  readonly processes: number;
}

/** A server, by its file and the mode that it is started in. */
export interface ServerSpec {
  readonly file: string;
  readonly mode: string;
}

const spec = (name: string, mode: string): ServerSpec => ({ file: `http/servers/${name}`, mode });

/** The frameworks that have an adapter, with their files. */
export const FRAMEWORKS = {
  Fastify: "fastify.ts",
  Express: "express.ts",
  Hono: "hono.ts",
  Koa: "koa.ts",
  App: "galleta.ts",
} as const;

export const SIGNED = "signed";
export const ENCRYPTED = "encrypted";
export const SECURE_SESSION = "Fastify + secure-session";
const COOKIE_SESSION = "Express + cookie-session";
export const STARLETTE = "Starlette + SessionMiddleware";
const BARE_STARLETTE = "Starlette";

export const SERVERS: Readonly<Record<string, ServerSpec>> = {
  ...Object.fromEntries(
    Object.entries(FRAMEWORKS).flatMap(([name, file]) => [
      [name, spec(file, "off")],
      [`${name} + ${SIGNED}`, spec(file, SIGNED)],
      [`${name} + ${ENCRYPTED}`, spec(file, ENCRYPTED)],
    ]),
  ),
  [SECURE_SESSION]: spec("fastify.ts", "secure-session"),
  [COOKIE_SESSION]: spec("express.ts", "cookie-session"),
  [STARLETTE]: spec("asgi.py", "session"),
  [BARE_STARLETTE]: spec("asgi.py", "off"),
  "node:http": spec("node-http.ts", "off"),
  h3: spec("h3.ts", "off"),
};

/** Users whose cookies every process has seen lately. */
export const FEW = 256;
/** Users of a site: most cookies are not the one that a process saw last. */
export const MANY = 10_000;
export const FLEET = 4;

const one = (server: string, path: Row["path"]): Row => ({
  server,
  path,
  users: FEW,
  processes: 1,
});

/** The rows that the verdicts follow from. */
export const DECIDING: readonly Row[] = [
  ...Object.keys(FRAMEWORKS).flatMap((name) => [
    one(name, "/plain"),
    one(`${name} + ${SIGNED}`, "/write"),
    one(`${name} + ${ENCRYPTED}`, "/write"),
  ]),
  one(`App + ${SIGNED}`, "/plain"),
  one(`App + ${SIGNED}`, "/read"),
  one(SECURE_SESSION, "/write"),
  one(STARLETTE, "/read"),
  one(STARLETTE, "/write"),
];

/** The same server, its users spread over four processes. */
export const FLEET_ROWS: readonly Row[] = (["/read", "/write"] as const).flatMap((path) =>
  [FEW, MANY].map((users) => ({ server: `App + ${SIGNED}`, path, users, processes: FLEET })),
);

/** Every server and every way to ask it. */
export const ALL: readonly Row[] = Object.entries(SERVERS).flatMap(([server, { mode }]) =>
  (mode === "off" ? (["/plain"] as const) : (["/plain", "/read", "/write"] as const)).map((path) =>
    one(server, path),
  ),
);

/** Two rows are the same where they ask the same. */
export function keyOf({ server, path, users, processes }: Row): string {
  return `${server} ${path} ${users} ${processes}`;
}
