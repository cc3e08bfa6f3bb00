import type { ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { Redis } from "ioredis";
import { start, stop, waitFor } from "../lib/children.ts";

/** Commands of the bench, of the clients' connections, and those that only our scripts call. */
const NOT_COUNTED = /^(info|config|client|hello|command|script|strlen|getrange|pttl|setex)/;

/** The bench's own redis-server, with its use of time and commands. */
export class MeasuredRedis {
  readonly url: string;
  readonly client: Redis;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `redis://127.0.0.1:${port}`;
    this.client = new Redis(this.url);
  }

  static async start(): Promise<MeasuredRedis> {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    probe.close();
    const program = process.env["REDIS_SERVER"] ?? "redis-server";
    const child = start([program, "--port", `${port}`, "--bind", "127.0.0.1", "--save", ""]);
    await waitFor(child, "eady to accept connections");
    return new MeasuredRedis(child, port);
  }

  /** Seconds of processor time that it has used. */
  async cpu(): Promise<number> {
    const info = await this.client.info("cpu");
    return numberIn(info, "used_cpu_sys") + numberIn(info, "used_cpu_user");
  }

  /** Returns how many commands clients sent, without those of the bench. */
  async commands(): Promise<number> {
    const info = await this.client.info("commandstats");
    const calls = new Map<string, number>();
    for (const [, name = "", count] of info.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)) {
      if (!NOT_COUNTED.test(name)) calls.set(name, Number(count));
    }
    return [...calls.values()].reduce((all, one) => all + one, 0);
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await stop(this.#child);
  }
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1]);
}
