import type { ChildProcess } from "node:child_process";
import { cpuSeconds, run, start, waitFor } from "../lib/children.ts";
import { LOAD_CORE, type MeasuredServer } from "../lib/server.ts";

/** The result of load/sockets.c. */
export interface SocketSample {
  readonly perSecond: number;
  /** Microseconds of the server's processor time for one handshake or message. */
  readonly cpuMicros: number;
}

/** Loads a server with handshakes or messages. */
export async function loadSockets(
  tool: string,
  mode: "upgrade" | "echo",
  server: MeasuredServer,
  cookie: string,
  seconds: number,
): Promise<SocketSample> {
  const connections = mode === "upgrade" ? 16 : 64;
  const args = [mode, String(server.port), "/echo", cookie, String(connections), String(seconds)];
  const before = cpuSeconds(server.pid);
  const output = await run([tool, ...args], { core: LOAD_CORE });
  // The server also works while the generator warms up.
  const cpu = (cpuSeconds(server.pid) - before) / 1.25;
  const [count = 0, took = 0, failures = 0] = output.replace("RESULT ", "").split(" ").map(Number);
  if (failures > 0) throw new Error(`${failures} of ${count} sockets failed.`);
  return { perSecond: count / took, cpuMicros: (cpu * 1e6) / count };
}

/** Open, idle sockets. */
export class HeldSockets {
  readonly child: ChildProcess;
  readonly count: number;
  #closed: Promise<string>;

  private constructor(child: ChildProcess, count: number) {
    this.child = child;
    this.count = count;
    this.#closed = waitFor(child, "CLOSED ", 60_000);
    // The server does not close sockets that the client drops.
    this.#closed.catch(() => undefined);
  }

  /** Opens sockets that all have the same cookie. */
  static async open(
    tool: string,
    server: MeasuredServer,
    cookie: string,
    count: number,
  ): Promise<HeldSockets> {
    const args = ["hold", String(server.port), "/echo", cookie, String(count), "0"];
    const child = start([tool, ...args], { core: LOAD_CORE });
    await waitFor(child, "OPEN ", 60_000);
    return new HeldSockets(child, count);
  }

  /**
   * Waits until the server has closed all sockets. Returns the code, and the times in seconds since
   * 1970.
   */
  async closed(): Promise<{ code: number; first: number; last: number }> {
    const [, code = 0, first = 0, last = 0] = (await this.#closed).split(" ").map(Number);
    return { code, first, last };
  }
}
