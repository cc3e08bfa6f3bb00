import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./port.ts";
import { type SystemNeed } from "./require.ts";
import { endsWithTest } from "./child.ts";

const ROOT = "/usr/lib/postgresql";

function binaries(): string | undefined {
  try {
    const newest = readdirSync(ROOT)
      .toSorted((a, b) => Number(a) - Number(b))
      .at(-1);
    return newest && join(ROOT, newest, "bin");
  } catch {
    return undefined;
  }
}

/** Debian's PostgreSQL server, in any version. */
export const POSTGRES: SystemNeed = {
  debianPackage: "postgresql",
  isThere: () => binaries() !== undefined,
};

/** A separate PostgreSQL on a free port of this machine. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #user: { uid: number; gid: number } | undefined;
  #child: ChildProcess | undefined;

  private constructor(
    port: number,
    folder: string,
    user: { uid: number; gid: number } | undefined,
  ) {
    this.port = port;
    this.#folder = folder;
    this.#user = user;
  }

  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), "galleta-postgres-"));
    // PostgreSQL refuses to run as root.
    const user = process.getuid?.() === 0 ? idsOf("postgres") : undefined;
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const init = spawnSync(
      join(binaries()!, "initdb"),
      ["-D", join(folder, "data"), "-A", "trust", "-U", "galleta", "--no-sync"],
      { ...user, encoding: "utf8" },
    );
    if (init.status !== 0) throw new Error(`initdb failed:\n${init.stderr}`);
    const server = new PostgresServer(await freePort(), folder, user);
    await server.start();
    return server;
  }

  get url(): string {
    return `postgres://galleta@127.0.0.1:${this.port}/postgres`;
  }

  async start(): Promise<void> {
    const args = ["-D", join(this.#folder, "data"), "-p", `${this.port}`, "-h", "127.0.0.1"];
    const settings = ["-c", "fsync=off", "-c", `unix_socket_directories=${this.#folder}`];
    const child = endsWithTest(
      spawn(join(binaries()!, "postgres"), [...args, ...settings], {
        ...this.#user,
        stdio: ["ignore", "ignore", "pipe"],
      }),
    );
    this.#child = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (data) => {
        said += String(data);
        if (said.includes("ready to accept connections")) resolve();
      });
      child.once("exit", () => reject(new Error(`postgres ended:\n${said}`)));
    });
  }

  /** Kills the server as a power failure would. After a start, committed data is still there. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    // Immediate shutdown: no checkpoint, connections break.
    child.kill("SIGQUIT");
    await ended;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function idsOf(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout);
  return { uid: id("-u"), gid: id("-g") };
}
