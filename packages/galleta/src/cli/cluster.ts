import cluster, { type Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Io } from "./command.ts";
import { CliError } from "./failure.ts";
import { type BackplaneMessage, isBackplaneMessage, isMessage, type ToChild } from "./ipc.ts";
import { makePlan, type ServeFlags } from "./plan.ts";
import { Restarts } from "./restarts.ts";
import type { Wishes } from "./stop.ts";

const DEATHS_PER_WORKER = 5;
/**
 * A worker process that still runs this many milliseconds after its grace period (`--grace`) is
 * killed.
 */
const KILL_AFTER_MILLISECONDS = 2000;

/** A worker process, with promises for its start and its end. */
interface Fork {
  readonly worker: Worker;
  /** Resolves with the URL of the server when the worker process listens. */
  readonly ready: Promise<string>;
  /**
   * Resolves when the worker process has ended: with the error that it reported, or with a sentence
   * that contains its signal or exit code.
   */
  readonly ended: Promise<string>;
}

/**
 * Runs `galleta serve --workers`: several processes behind one port. A worker that dies is
 * replaced.
 *
 * @throws CliError if a worker cannot start, or workers die too often
 */
export async function runCluster(
  flags: ServeFlags,
  count: number,
  wishes: Wishes,
  announce: (url: string) => void,
  io: Io,
): Promise<void> {
  // Checks the flags before any process starts. The primary reads the environment files, so that a
  // worker that starts later inherits the same environment.
  makePlan(flags);
  cluster.setupPrimary({
    exec: fileURLToPath(new URL("./child.js", import.meta.url)),
    args: [JSON.stringify(flags)],
    // Structured clone instead of JSON: a backplane may send bytes.
    serialization: "advanced",
  });
  relayBackplane();
  const limit = flags.grace * 1000 + KILL_AFTER_MILLISECONDS;
  const pool = new Pool(limit, announce, io);
  const stop = wishes.stop.then(() => "stop" as const);
  try {
    if ((await Promise.race([pool.start(count), stop])) === "stop") return;
    const tended = pool.tend();
    for (;;) {
      const wish = await Promise.race([tended, stop, wishes.reload()]);
      if (wish !== "reload") return;
      await Promise.race([pool.reload(), stop]);
    }
  } finally {
    await pool.stop();
  }
}

/** Forwards messages about sessions from each worker process to all other worker processes. */
export function relayBackplane(): void {
  cluster.on("message", (from, message: unknown) => {
    if (!isBackplaneMessage(message)) return;
    const { galleta, channel, payload } = message;
    const copy: BackplaneMessage = { galleta, channel, payload };
    for (const worker of Object.values(cluster.workers ?? {})) {
      // A worker that has just ended misses the message, like one that has not started yet.
      if (worker && worker !== from && worker.isConnected()) worker.send(copy, () => undefined);
    }
  });
}

/**
 * Returns the URL of a worker process as soon as the worker listens.
 *
 * @throws CliError with the reason if the worker ends before that
 */
function readiness({ ready, ended }: Fork): Promise<string> {
  const failed = ended.then((how) => {
    throw new CliError(how);
  });
  return Promise.race([ready, failed]);
}

class Pool {
  readonly #announce: (url: string) => void;
  readonly #io: Io;
  readonly #alive = new Set<Fork>();
  /**
   * How many milliseconds a worker may take to end after it was asked to stop. Then it is killed.
   */
  readonly #limit: number;
  /** The current worker processes. A replacement takes the place of the old worker in this list. */
  #places: { fork: Fork }[] = [];
  #url = "";
  #count = 0;
  #stopping = false;

  constructor(limit: number, announce: (url: string) => void, io: Io) {
    this.#limit = limit;
    this.#announce = announce;
    this.#io = io;
    // Kills all workers when this process exits, whatever the reason.
    process.on("exit", () => this.#kill());
  }

  /** Starts the worker processes. Resolves when all of them listen. */
  async start(count: number): Promise<void> {
    this.#count = count;
    this.#places = Array.from({ length: count }, () => ({ fork: this.#fork() }));
    const urls = await Promise.all(this.#places.map(({ fork }) => readiness(fork)));
    this.#listening(urls[0] ?? "");
  }

  /**
   * Replaces the worker processes one after the other, so that new code is used. Each old worker
   * still finishes its requests.
   */
  async reload(): Promise<void> {
    this.#io.err("Reloading the workers.\n");
    for (const place of this.#places) {
      const fork = this.#fork();
      try {
        this.#listening(await readiness(fork));
      } catch (error) {
        const why = (error as Error).message;
        this.#io.err(`${why}\nThe reload failed. The old workers keep serving.\n`);
        return;
      }
      if (this.#stopping) return;
      const old = place.fork;
      place.fork = fork;
      void this.#end([old]);
    }
  }

  #listening(url: string): void {
    // With port 0, the port stays the same as long as one worker lives.
    if (url !== this.#url) this.#announce(url);
    this.#url = url;
  }

  /** Replaces each worker process that dies, until the command must stop. */
  async tend(): Promise<void> {
    const restarts = new Restarts(this.#places.length * DEATHS_PER_WORKER);
    await Promise.all(this.#places.map((place) => this.#tendPlace(place, restarts)));
  }

  /** Stops all worker processes. Resolves when all of them have ended or were killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#end([...this.#alive]);
  }

  async #end(forks: readonly Fork[]): Promise<void> {
    const message: ToChild = { galleta: "stop" };
    for (const { worker } of forks) {
      if (worker.isConnected()) worker.send(message, () => undefined);
    }
    const timer = setTimeout(() => {
      for (const { worker } of forks) worker.process.kill("SIGKILL");
    }, this.#limit);
    await Promise.all(forks.map(({ ended }) => ended));
    clearTimeout(timer);
  }

  async #tendPlace(place: { fork: Fork }, restarts: Restarts): Promise<void> {
    for (;;) {
      const { fork } = place;
      const how = await fork.ended;
      if (this.#stopping) return;
      // After a reload, this place has another worker.
      if (place.fork !== fork) continue;
      this.#io.err(`${how}\n`);
      const delay = restarts.next(performance.now());
      if (delay === undefined) throw new CliError("Workers died too often within a minute.");
      await sleep(delay);
      if (this.#stopping) return;
      if (place.fork !== fork) continue;
      place.fork = this.#fork();
      void place.fork.ready.then((url) => this.#listening(url));
    }
  }

  #fork(): Fork {
    // Tells the worker that this process forwards its messages.
    const worker = cluster.fork({
      GALLETA_RELAY: "1",
      GALLETA_WORKERS: String(this.#count),
    });
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
