import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { pack } from "../packaging/project.ts";
import { NODE_24 } from "../support/node24.ts";
import { EXAMPLES, HOME } from "./places.mjs";
import { endsWithTest } from "../support/child.ts";
import { freePort } from "../support/port.ts";

const run = promisify(execFile);

/** Whether `npm run runtimes` was here; with `CI=true` it must have been. */
export function isInstalled(name: string): boolean {
  if (existsSync(NODE_24) && existsSync(join(HOME, name, "installed.json"))) return true;
  const message = "The tests of full-stack frameworks need: npm run runtimes";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
  return false;
}

/** A file of an example, as it stands in the repository. */
export const readExample = (path: string): string => readFileSync(join(EXAMPLES, path), "utf8");

/** An example app with our packed tarball, in a folder of its own. */
export class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(name: string): Promise<Project> {
    const folder = join(HOME, name);
    for (const entry of readdirSync(folder)) {
      const keep = entry === "node_modules" || entry === "installed.json";
      if (!keep) rmSync(join(folder, entry), { recursive: true, force: true });
    }
    const filter = (path: string) => !path.includes("node_modules");
    cpSync(join(EXAMPLES, name), folder, { recursive: true, filter });
    const tarball = await pack("@galleta/session");
    const args = "install --no-save --no-package-lock --ignore-scripts --prefer-offline --silent";
    await run("npm", [...args.split(" "), tarball], { cwd: folder, timeout: 120_000 });
    rmSync(dirname(tarball), { recursive: true });
    return new Project(folder);
  }

  /** Writes a file of the app. */
  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Runs a program of the app's on Node 24. @returns what it printed */
  async run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const options = { cwd: this.folder, env: { ...environment(), ...env }, timeout: 300_000 };
    const { stdout, stderr } = await run(NODE_24, [script, ...args], options).catch(
      (error: { stdout?: string; stderr?: string }) => {
        throw new Error(`${script} failed: ${error.stdout ?? ""}${error.stderr ?? ""}`, {
          cause: error,
        });
      },
    );
    return stdout + stderr;
  }

  /** Starts a server of the app's on a free port and waits until it answers. */
  async start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Server> {
    const port = await freePort();
    const all = args.map((text) => text.replace("$PORT", String(port)));
    const child = endsWithTest(
      spawn(NODE_24, all, {
        cwd: this.folder,
        env: { ...environment(), HOST: "localhost", ...env, PORT: String(port) },
        // A group of its own: some frameworks serve from a child process.
        detached: true,
      }),
      true,
    );
    const server = new Server(child, port);
    await server.ready();
    return server;
  }
}

/** A running server of an app. */
export class Server {
  readonly port: number;
  readonly #child: ChildProcess;
  #said = "";

  constructor(child: ChildProcess, port: number) {
    this.port = port;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: unknown) => (this.#said += String(chunk)));
    }
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  /** What it printed until now. */
  get said(): string {
    return this.#said;
  }

  async ready(): Promise<void> {
    for (let tries = 0; tries < 600; tries += 1) {
      if (this.#child.exitCode !== null) throw new Error(`The server ended: ${this.#said}`);
      const answer = await fetch(`${this.origin}/plain`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer !== undefined) return;
      await sleep(100);
    }
    throw new Error(`The server does not answer: ${this.#said}`);
  }

  async stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = once(this.#child, "exit");
    process.kill(-pid, "SIGKILL");
    await ended;
  }
}

/** What a user's shell has, without what Vitest sets. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME: home, LANG, TMPDIR } = process.env;
  return {
    PATH: `${dirname(NODE_24)}:${PATH}`,
    HOME: home,
    LANG,
    TMPDIR,
    CI: "true",
    // No framework shall tell anybody that it was run.
    NEXT_TELEMETRY_DISABLED: "1",
    NUXT_TELEMETRY_DISABLED: "1",
    ASTRO_TELEMETRY_DISABLED: "1",
  };
}
