import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { connect, type Connected, type Refused, type Talk } from "../adapters/socket-harness.ts";
import { ask, Jar, type Sent } from "../adapters/wire.ts";
import type { WebSocket } from "ws";
import { endsWithTest, killChild } from "../support/child.ts";
import { freePort } from "../support/port.ts";

const VARIANTS = [
  "plain",
  "strict",
  "stored",
  "short",
  "active",
  "frail",
  "pair",
  "storedPair",
] as const;

/** The sets of options that an app is served with; see app.mjs. */
export type Variant = (typeof VARIANTS)[number];
export type Ports = Readonly<Record<Variant, number>>;

/** A framework's own sockets on one runtime. */
export interface Column {
  readonly name: string;
  /** Serves the app; see main.mjs. */
  readonly start: () => Promise<Server>;
  /** The path that sockets connect to. */
  readonly path?: string;
  /** The subprotocols that a client of the framework offers. */
  readonly protocols?: readonly string[];
  /** Speaks the framework's protocol over a bare WebSocket. Default: a text is a message. */
  readonly wrap?: (ws: WebSocket) => Promise<Talk>;
  /** Where the framework or its runtime cannot do better. */
  readonly limits?: Limits;
}

export interface Limits {
  /** The code of a change in the handshake, if no cookie can be sent with the 101. */
  readonly handshakeChange?: string;
  /** The same, if the sessions have a store. */
  readonly handshakeChangeStored?: string;
  /** The app cannot see a handshake. */
  readonly hasNoHandshake?: true;
  /** The close code of a socket whose session has ended. Default 1008. */
  readonly closeCode?: number;
  /** A text is not a message: sockets speak the framework's protocol. */
  readonly hasProtocol?: true;
  /** Sockets do not answer with the subprotocol of `@galleta/session/client`. */
  readonly hasNoPage?: true;
  /** A denied handshake gets the framework's answer, without our body. */
  readonly hidesReason?: true;
}

export interface Server {
  readonly ports: Ports;
  stop(): Promise<void>;
}

const home = fileURLToPath(new URL(".", import.meta.url));
const runtimes = fileURLToPath(new URL("../runtimes/node_modules/.bin/", import.meta.url));

/** True if the suite's packages are installed. */
export function isInstalled(): boolean {
  const needed = [`${home}node_modules`, ...["bun", "deno", "workerd"].map((it) => runtimes + it)];
  if (needed.every((path) => existsSync(path))) return true;
  const message = "These tests need: npm run runtimes";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
  return false;
}

const COMMANDS = {
  node: [process.execPath],
  bun: [`${runtimes}bun`, "run"],
  deno: [`${runtimes}deno`, "run", "-A", "--node-modules-dir=manual"],
} as const;

/** Starts a program of this folder. */
export function spawnProgram(runtime: keyof typeof COMMANDS, ...args: readonly string[]) {
  const [command, ...before] = COMMANDS[runtime];
  const [file = "", ...rest] = args;
  return endsWithTest(spawn(command, [...before, home + file, ...rest], { cwd: home }));
}

/** Serves the app with one framework in a process of its own. */
export async function serveWith(
  name: string,
  runtime: keyof typeof COMMANDS = "node",
  ...args: readonly string[]
): Promise<Server> {
  const child = spawnProgram(runtime, "main.mjs", name, ...args);
  return { ports: JSON.parse(await firstLine(child)) as Ports, stop: () => killChild(child) };
}

/** Serves the app on workerd: each set of options as a service of its own. */
export async function serveOnWorkerd(program: string): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "galleta-workerd-"));
  await build({
    entryPoints: [`${home}worker.mjs`],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "import"],
    external: ["node:*", "cloudflare:*", "ws", "hono/bun", "hono/deno", "@hono/node-server-2"],
    outfile: join(folder, "worker.mjs"),
    logLevel: "error",
  });
  const ports = Object.fromEntries(
    await Promise.all(VARIANTS.map(async (variant) => [variant, await freePort()] as const)),
  ) as unknown as Ports;
  writeFileSync(join(folder, "worker.capnp"), workerdConfig(program, ports));
  const child = endsWithTest(
    spawn(`${runtimes}workerd`, ["serve", "worker.capnp"], { cwd: folder }),
  );
  let said = "";
  child.stderr.on("data", (text) => (said += String(text)));
  // workerd does not report when it listens.
  while (!(await isListening(ports.plain))) {
    if (child.exitCode !== null) throw new Error(`workerd ended: ${said}`);
  }
  const end = async () => {
    await killChild(child);
    rmSync(folder, { recursive: true });
  };
  return { ports, stop: end };
}

function workerdConfig(program: string, ports: Ports): string {
  const services = VARIANTS.map((it) => `(name = "${it}", worker = .${it})`);
  const sockets = VARIANTS.map(
    (it) => `(name = "${it}", address = "127.0.0.1:${ports[it]}", http = (), service = "${it}")`,
  );
  const workers = VARIANTS.map(
    (it) => `const ${it} :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  bindings = [(name = "VARIANT", text = "${it}"), (name = "PROGRAM", text = "${program}"), (name = "ROOM", durableObjectNamespace = "Room")],
  durableObjectNamespaces = [(className = "Room", uniqueKey = "room-${it}")],
  durableObjectStorage = (inMemory = void),
  compatibilityDate = "2025-09-01",
  compatibilityFlags = ["nodejs_compat"]
);`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(", ")}],
  sockets = [${sockets.join(", ")}]
);
${workers.join("\n")}
`;
}

async function isListening(port: number): Promise<boolean> {
  try {
    await ask(`http://127.0.0.1:${port}`, "/codes");
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  let said = "";
  child.stderr?.on("data", (text) => (said += String(text)));
  for await (const line of createInterface(child.stdout!)) {
    if (line.startsWith("{")) return line;
  }
  throw new Error(`The server ended: ${said}`);
}

/** A client of one column. */
export class Client {
  readonly column: Column;
  readonly #server: Server;
  readonly #sockets: Connected[] = [];

  constructor(column: Column, server: Server) {
    this.column = column;
    this.#server = server;
  }

  origin(variant: Variant): string {
    return `http://127.0.0.1:${this.#server.ports[variant]}`;
  }

  ask(variant: Variant, path: string, sent: Sent = {}) {
    return ask(this.origin(variant), path, sent);
  }

  async get(variant: Variant, path: string, jar: Jar = new Jar()): Promise<string> {
    return (await this.ask(variant, path, { jar })).body;
  }

  /** A browser that is logged in. */
  async login(variant: Variant, user = "ann"): Promise<Jar> {
    const jar = new Jar();
    await this.get(variant, `/login?user=${user}`, jar);
    return jar;
  }

  /** Opens a socket, or returns how it was denied. */
  async open(
    variant: Variant,
    query = "",
    headers: Record<string, string> = {},
    protocols: readonly string[] = [],
  ): Promise<Connected | Refused> {
    const { name, path = "/ws", wrap, protocols: own = [] } = this.column;
    const harness = {
      name,
      path,
      ...(wrap && { wrap }),
      serve() {},
      speaksLive: true,
      takesSeveral: false,
    };
    const offered = [...protocols, ...own];
    const outcome = await connect(harness, this.origin(variant), query, headers, offered);
    if ("talk" in outcome) this.#sockets.push(outcome);
    return outcome;
  }

  /** Opens a socket, which must not be denied. */
  async opened(...args: Parameters<Client["open"]>): Promise<Connected> {
    const outcome = await this.open(...args);
    if (!("talk" in outcome)) throw new Error(`refused with ${outcome.status}: ${outcome.body}`);
    return outcome;
  }

  async stop(): Promise<void> {
    for (const { ws } of this.#sockets) ws.terminate();
    await this.#server.stop();
  }
}
