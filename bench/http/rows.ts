/** One kind of request to a server. */
export interface Row {
  readonly server: string;
  readonly path: "/plain" | "/read" | "/write";
  readonly users: number;
  /** How many processes share the users. */
  readonly processes: number;
}

/** A server: its file and the mode in which it starts. */
export interface ServerSpec {
  readonly file: string;
  readonly mode: string;
}

const spec = (name: string, mode: string): ServerSpec => ({ file: `http/servers/${name}`, mode });

/** The frameworks with an adapter, and their files. */
export const FRAMEWORKS = {
  Fastify: "fastify.ts",
  Express: "express.ts",
  Hono: "hono.ts",
  Koa: "koa.ts",
  App: "galleta.ts",
} as const;

export const SIGNED = "signed";
export const ENCRYPTED = "encrypted";
/** A framework that sends the three headers of a written session, without a session. */
export const HEADERS = "three headers";
export const SECURE_SESSION = "Fastify + secure-session";
const COOKIE_SESSION = "Express + cookie-session";
export const STARLETTE = "Starlette + SessionMiddleware";
export const BARE_STARLETTE = "Starlette";

export const SERVERS: Readonly<Record<string, ServerSpec>> = {
  ...Object.fromEntries(
    Object.entries(FRAMEWORKS).flatMap(([name, file]) => [
      [name, spec(file, "off")],
      [`${name} + ${HEADERS}`, spec(file, "headers")],
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

/** True if a server has no sessions. */
export function isBare(server: string): boolean {
  return ["off", "headers"].includes(SERVERS[server]?.mode ?? "");
}

/** The number of users if every process has recently seen every cookie. */
export const FEW = 256;
/** The number of users if a process has not recently seen most cookies. */
export const MANY = 10_000;
export const FLEET = 4;

const one = (server: string, path: Row["path"]): Row => ({
  server,
  path,
  users: FEW,
  processes: 1,
});

/** The rows from which the verdicts are computed. */
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

/** The same server, with its users spread over four processes. */
export const FLEET_ROWS: readonly Row[] = (["/read", "/write"] as const).flatMap((path) =>
  [FEW, MANY].map((users) => ({ server: `App + ${SIGNED}`, path, users, processes: FLEET })),
);

/** Every server with every kind of request. */
export const ALL: readonly Row[] = Object.keys(SERVERS).flatMap((server) =>
  (isBare(server) ? (["/plain"] as const) : (["/plain", "/read", "/write"] as const)).map((path) =>
    one(server, path),
  ),
);

/** Returns a key that is equal for rows with the same requests. */
export function keyOf({ server, path, users, processes }: Row): string {
  return `${server} ${path} ${users} ${processes}`;
}
