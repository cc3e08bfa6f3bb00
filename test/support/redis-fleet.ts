import { spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REDIS, type RedisVersion } from "./redis-versions.ts";
import { freePort } from "./port.ts";
import { spawnRedis } from "./redis.ts";

/** A redis-server with the given settings. */
class Node {
  readonly port: number;
  readonly child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.child = child;
  }

  static async start(
    version: RedisVersion,
    folder: string,
    args: readonly string[],
    port: number,
  ): Promise<Node> {
    const own = join(folder, `${port}`);
    mkdirSync(own, { recursive: true });
    const common = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", own];
    return new Node(port, await spawnRedis(version, [...args, ...common]));
  }

  /** Runs one command and returns the answer as redis-cli prints it. */
  ask(...args: string[]): string {
    return redisCli(this.port, ...args);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}

function redisCli(port: number, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync("redis-cli", ["-p", `${port}`, ...args], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`redis-cli ${args[0]}: ${stderr}${stdout}`);
  return stdout.trim();
}

/** A Redis Cluster of three masters and three replicas. */
export class RedisCluster {
  readonly nodes: readonly Node[];
  readonly #folder: string;

  private constructor(nodes: readonly Node[], folder: string) {
    this.nodes = nodes;
    this.#folder = folder;
  }

  static async start(version = REDIS): Promise<RedisCluster> {
    const folder = mkdtempSync(join(tmpdir(), "galleta-cluster-"));
    const nodes: Node[] = [];
    for (let i = 0; i < 6; i += 1) {
      const { port, bus } = await clusterPorts(version);
      const cluster = ["--cluster-enabled", "yes", ...bus];
      const timing = ["--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0"];
      nodes.push(await Node.start(version, folder, [...cluster, ...timing], port));
    }
    const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const made = spawnSync(
      "redis-cli",
      ["--cluster", "create", ...hosts, "--cluster-replicas", "1", "--cluster-yes"],
      { encoding: "utf8" },
    );
    if (made.status !== 0) throw new Error(`The cluster was not made:\n${made.stdout}`);
    const cluster = new RedisCluster(nodes, folder);
    await cluster.ready();
    return cluster;
  }

  get ports(): number[] {
    return this.nodes.map(({ port }) => port);
  }

  get masters(): readonly Node[] {
    return this.nodes.filter((node) => node.ask("role").startsWith("master"));
  }

  async ready(): Promise<void> {
    for (let i = 0; i < 300; i += 1) {
      if (this.nodes.every((node) => node.ask("cluster", "info").includes("cluster_state:ok")))
        return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("The cluster does not come up.");
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The port of a node, and the setting of the port of its bus. */
async function clusterPorts({ hasClusterPort }: RedisVersion) {
  if (hasClusterPort !== false) {
    return { port: await freePort(), bus: ["--cluster-port", `${await freePort()}`] };
  }
  // The bus is 10,000 above, which may not exist.
  let port = await freePort();
  while (port > 55_535) port = await freePort();
  return { port, bus: [] };
}

/** A master, a replica, and a Sentinel that promotes it after a second. */
export class RedisSentinel {
  readonly master: Node;
  readonly replica: Node;
  readonly sentinel: Node;
  readonly #folder: string;

  private constructor(master: Node, replica: Node, sentinel: Node, folder: string) {
    this.master = master;
    this.replica = replica;
    this.sentinel = sentinel;
    this.#folder = folder;
  }

  static async start(version = REDIS): Promise<RedisSentinel> {
    const folder = mkdtempSync(join(tmpdir(), "galleta-sentinel-"));
    const quick = ["--repl-diskless-sync-delay", "0"];
    const master = await Node.start(version, folder, quick, await freePort());
    const of = ["--replicaof", "127.0.0.1", `${master.port}`, ...quick];
    const replica = await Node.start(version, folder, of, await freePort());
    const port = await freePort();
    const file = join(folder, "sentinel.conf");
    const lines = [
      `sentinel monitor fleet 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds fleet 1000",
      "sentinel failover-timeout fleet 3000",
    ];
    writeFileSync(file, lines.join("\n"));
    for (
      let i = 0;
      i < 200 && !replica.ask("info", "replication").includes("link_status:up");
      i += 1
    ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const sentinel = await Node.start(version, folder, [file, "--sentinel"], port);
    for (let i = 0; i < 200 && !/slaves=1/.test(sentinel.ask("info", "sentinel")); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return new RedisSentinel(master, replica, sentinel, folder);
  }

  async close(): Promise<void> {
    for (const node of [this.sentinel, this.replica, this.master]) await node.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
