import cluster, { type Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Io } from "./command.ts";
import { CliError } from "./failure.ts";
import { type BackplaneMessage, isBackplaneMessage, isMessage, type ToChild } from "./ipc.ts";
import { makePlan, type ServeFlags } from "./plan.ts";
import { Restarts } from "./restarts.ts";

const DEATHS_PER_WORKER = 5;
/** A worker ends itself after its grace; one that hangs is killed so much later. */
const KILL_AFTER_MILLISECONDS = 2000;

/** A worker, and what becomes of it. */
interface Fork {
  readonly worker: Worker;
  /** Resolves with the URL when it listens. */
  readonly ready: Promise<string>;
  /** Resolves when it is gone, with what it said or how it ended. */
  readonly ended: Promise<string>;
}

/**
 * `galleta serve --workers`: several processes behind one port. One that dies is replaced.
 *
 * @param stop resolves when all shall stop
 * @throws CliError when a worker cannot start, or workers die too often
 */
export async function runCluster(
  flags: ServeFlags,
  count: number,
  stop: Promise<void>,
  announce: (url: string) => void,
  io: Io,
): Promise<void> {
  // The flags are checked before any process starts. Environment files are read here and
  // inherited, so that a worker that starts later has the same environment as the others.
  makePlan(flags);
  cluster.setupPrimary({
    exec: fileURLToPath(new URL("./child.js", import.meta.url)),
    args: [JSON.stringify(flags)],
    // Structured clone instead of JSON: a backplane may carry bytes.
    serialization: "advanced",
  });
  relayBackplane();
  const pool = new Pool(announce, io);
  try {
    if ((await Promise.race([pool.start(count).then(() => true), stop])) === undefined) return;
    await Promise.race([pool.tend(), stop]);
  } finally {
    await pool.stop(flags.grace * 1000 + KILL_AFTER_MILLISECONDS);
  }
}

/** Passes what one worker publishes on to all others. */
export function relayBackplane(): void {
  cluster.on("message", (from, message: unknown) => {
    if (!isBackplaneMessage(message)) return;
    const { galleta, channel, payload } = message;
    const copy: BackplaneMessage = { galleta, channel, payload };
    for (const worker of Object.values(cluster.workers ?? {})) {
      // A worker that has just gone misses the message, like one that was never there.
      if (worker && worker !== from && worker.isConnected()) worker.send(copy, () => undefined);
    }
  });
}

class Pool {
  readonly #announce: (url: string) => void;
  readonly #io: Io;
  readonly #alive = new Set<Fork>();
  #forks: Fork[] = [];
  #url = "";
  #stopping = false;

  constructor(announce: (url: string) => void, io: Io) {
    this.#announce = announce;
    this.#io = io;
    // However this process ends, no worker is left behind.
    process.on("exit", () => this.#kill());
  }

  /** Resolves when all of them listen. */
  async start(count: number): Promise<void> {
    this.#forks = Array.from({ length: count }, () => this.#fork());
    const urls = this.#forks.map(({ ready, ended }) =>
      Promise.race([
        ready,
        ended.then((how) => {
          throw new CliError(how);
        }),
      ]),
    );
    this.#listening((await Promise.all(urls))[0] ?? "");
  }

  #listening(url: string): void {
    // With port 0 the port is kept for as long as one worker lives, and no longer.
    if (url !== this.#url) this.#announce(url);
    this.#url = url;
  }

  /** Replaces those that die, until there is a reason not to. */
  async tend(): Promise<void> {
    const restarts = new Restarts(this.#forks.length * DEATHS_PER_WORKER);
    await Promise.all(this.#forks.map((fork) => this.#replace(fork, restarts)));
  }

  /** Resolves when all are gone: by themselves, or killed after some milliseconds. */
  async stop(limit: number): Promise<void> {
    this.#stopping = true;
    const message: ToChild = { galleta: "stop" };
    for (const { worker } of this.#alive) {
      if (worker.isConnected()) worker.send(message, () => undefined);
    }
    const timer = setTimeout(() => this.#kill(), limit);
    await Promise.all([...this.#alive].map(({ ended }) => ended));
    clearTimeout(timer);
  }

  async #replace(fork: Fork, restarts: Restarts): Promise<void> {
    for (let current = fork; ; current = this.#fork()) {
      if (current !== fork) void current.ready.then((url) => this.#listening(url));
      const how = await current.ended;
      if (this.#stopping) return;
      this.#io.err(`${how}\n`);
      const delay = restarts.next(performance.now());
      if (delay === undefined) throw new CliError("Workers died too often within a minute.");
      await sleep(delay);
      if (this.#stopping) return;
    }
  }

  #fork(): Fork {
    // Tells the worker that this process passes its messages on.
    const worker = cluster.fork({ GALLETA_RELAY: "1" });
    let failure: string | undefined;
    const ready = new Promise<string>((resolve) => {
      worker.on("message", (message: unknown) => {
        if (isMessage(message, "ready")) resolve(message.url);
        else if (isMessage(message, "failed")) failure = message.line;
      });
    });
    const ended = new Promise<string>((resolve) => {
      worker.once("exit", (code, signal) => {
        this.#alive.delete(fork);
        resolve(failure ?? `A worker ended (${signal ?? `exit code ${code}`}).`);
      });
    });
    const fork: Fork = { worker, ready, ended };
    this.#alive.add(fork);
    return fork;
  }

  #kill(): void {
    for (const { worker } of this.#alive) worker.process.kill("SIGKILL");
  }
}
