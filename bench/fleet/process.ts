// A process of the fleet, controlled by messages. Its first message reports the cost of its start.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createSessions } from "@galleta/session";
import { redisBackplane, redisStore } from "@galleta/session/redis";
import { Redis } from "ioredis";
import { stop } from "../lib/children.ts";
import { HERE } from "../lib/tree.ts";

type Data = Record<string, unknown>;
const SECRET = "a secret key of the benchmark, long enough for all";
export const DATA = { user: "ada", cart: "x".repeat(300) };
const SESSIONS = 50;

export function open(url: string) {
  const client = new Redis(url);
  const sessions = createSessions<Data>({
    secretKey: SECRET,
    store: redisStore(client),
    backplane: redisBackplane(client),
    storage: "store",
    storeTimeout: 10,
  });
  return { client, sessions };
}

export async function request(
  { sessions }: Pick<ReturnType<typeof open>, "sessions">,
  cookie: string,
  change?: (session: Data) => void,
): Promise<string> {
  const context = sessions.open(cookie);
  await context.load();
  if (change === undefined) void context.session["user"];
  else change(context.session);
  const { setCookie } = await context.commit();
  return setCookie[0]?.split(";")[0] ?? cookie;
}

/** The cost of a new process until its first answer. */
export interface Start {
  /** Milliseconds of processor time. */
  readonly cpu: number;
  /** Bytes. */
  readonly heap: number;
}

/** The total cost of a process so far. */
export interface Usage {
  /** Seconds of processor time. */
  readonly cpu: number;
  /** Bytes received from Redis. */
  readonly bytes: number;
}

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * Serves nothing, or answers one request as soon as it can. Then it changes sessions on request.
 */
async function child(url: string, cookie: string): Promise<void> {
  const before = cpuSeconds();
  const made = open(url);
  made.sessions.start();
  if (cookie !== "-") await request(made, cookie);
  else await made.client.ping();
  const cpu = (cpuSeconds() - before) * 1000;
  globalThis.gc?.();
  process.send?.({ cpu, heap: process.memoryUsage().heapUsed } satisfies Start);
  const stream = () => (made.client as unknown as { stream: { bytesRead: number } }).stream;
  let jars: string[] = [];
  process.on("message", async (changes: number) => {
    if (changes > 0 && jars.length === 0) {
      const logIn = () => request(made, "", (session) => Object.assign(session, DATA));
      jars = await Promise.all(Array.from({ length: SESSIONS }, logIn));
    }
    for (let i = 0; i < changes; i += 1) {
      const at = i % SESSIONS;
      jars[at] = await request(made, jars[at]!, (session) => (session["n"] = i));
    }
    process.send?.({ cpu: cpuSeconds(), bytes: stream().bytesRead } satisfies Usage);
  });
}

/** Another process of the fleet. */
export class FleetProcess {
  readonly start: Start;
  readonly #child: ChildProcess;

  private constructor(made: ChildProcess, start: Start) {
    this.#child = made;
    this.start = start;
  }

  static async open(url: string, cookie = "-"): Promise<FleetProcess> {
    // Compiled, so that no TypeScript loader takes part in a start.
    const program = await HERE.bundle("fleet/process.ts");
    const made = fork(program, ["child", url, cookie], { execArgv: ["--expose-gc"] });
    const [start] = (await once(made, "message")) as [Start];
    return new FleetProcess(made, start);
  }

  /** Makes changes, one after the other. */
  async work(changes: number): Promise<Usage> {
    this.#child.send(changes);
    const [usage] = (await once(this.#child, "message")) as [Usage];
    return usage;
  }

  usage(): Promise<Usage> {
    return this.work(0);
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }
}

if (process.argv[2] === "child") await child(process.argv[3]!, process.argv[4]!);
