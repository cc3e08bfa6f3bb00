import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REDIS, type RedisVersion } from "./redis-versions.ts";
import { endsWithTest } from "./child.ts";
import { freePort } from "./port.ts";

/** A separate Redis on a free port of this machine. It writes nothing to disk. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #version: RedisVersion;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, version: RedisVersion) {
    this.port = port;
    this.#folder = folder;
    this.#version = version;
  }

  static async start(version = REDIS): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), "galleta-redis-"));
    const server = new RedisServer(await freePort(), folder, version);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts the server. After a restart it is empty. */
  async start(): Promise<void> {
    const args = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--save", "", "--dir"];
    this.#child = await spawnRedis(this.#version, [...args, this.#folder]);
  }

  /** Kills the server, as a power failure would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Stops its answers, but keeps its connections open. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Starts a server, and waits until it answers. */
export async function spawnRedis(
  { command, env }: RedisVersion,
  args: readonly string[],
): Promise<ChildProcess> {
  const child = endsWithTest(
    spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    }),
  );
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (data) => {
      said += String(data);
      if (/Ready to accept connections|Sentinel ID/.test(said)) resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${command} ended:\n${said}`)));
  });
  return child;
}
