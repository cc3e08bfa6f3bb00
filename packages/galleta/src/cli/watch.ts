import { type ChildProcess, fork } from "node:child_process";
import { type FSWatcher, watch } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Io } from "./command.ts";
import { shortPath } from "./failure.ts";
import { isMessage, type ToChild } from "./ipc.ts";
import { type ServeFlags, withPortOf } from "./plan.ts";
import type { Wishes } from "./stop.ts";
import { parseTarget } from "./target.ts";

/** An editor that saves several files, or one in several steps, causes one restart. */
const SETTLE_MILLISECONDS = 50;
/** Seconds for requests in flight. A developer does not want to wait for a restart. */
const GRACE_SECONDS = 2;
const KILL_AFTER_MILLISECONDS = 2000;
const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|json)$/;

/**
 * Runs `galleta serve --watch`: serves in a child process, and starts another when a file of the
 * app changes.
 *
 * @throws CliError if there is no such file
 */
export async function runWatching(
  flags: ServeFlags,
  wishes: Wishes,
  announce: (url: string) => void,
  io: Io,
): Promise<void> {
  const changes = new Changes([parseTarget(flags.target).file, ...flags.envFiles]);
  const stopped = wishes.stop.then(() => undefined);
  let childFlags: ServeFlags = {
    ...flags,
    grace: Math.min(flags.grace, GRACE_SECONDS),
    watch: true,
  };
  const isReady = (url: string) => {
    childFlags = withPortOf(childFlags, url);
    announce(url);
  };
  try {
    for (;;) {
      const child = new Child(childFlags, { isReady, imports: (file) => changes.follow(file), io });
      const reload = wishes.reload().then(() => []);
      const names = await Promise.race([changes.next(() => child.hasEnded), reload, stopped]);
      if (names?.length) io.err(`Restarting: ${names.map(shortPath).join(", ")} changed.\n`);
      await child.stop();
      if (names === undefined) return;
    }
  } finally {
    changes.end();
  }
}

/**
 * Watches files for changes. It watches their folders, because an editor replaces a file by another
 * of the same name, which a watcher of the file would lose.
 */
class Changes {
  readonly #files = new Set<string>();
  readonly #folders = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #notify: () => void = () => undefined;

  constructor(files: readonly string[]) {
    for (const file of files) this.follow(resolve(file));
  }

  follow(file: string): void {
    this.#files.add(file);
    const folder = dirname(file);
    if (this.#folders.has(folder)) return;
    const watcher = watch(folder, (_event, name) => {
      if (name === null) return;
      this.#changed.add(join(folder, name));
      this.#notify();
    });
    // A removed folder is watched again with the next file in it.
    watcher.on("error", () => this.#folders.delete(folder));
    this.#folders.set(folder, watcher);
  }

  /**
   * Waits for a change; one before the call counts.
   * @param mayBeAny true if any source file counts, such as after a mistake that hid the imports
   */
  async next(mayBeAny: () => boolean): Promise<readonly string[]> {
    const counts = (path: string) => this.#files.has(path) || (mayBeAny() && SOURCE.test(path));
    for (;;) {
      if ([...this.#changed].some(counts)) {
        await new Promise((done) => setTimeout(done, SETTLE_MILLISECONDS));
        const found = [...this.#changed].filter(counts);
        this.#changed.clear();
        return found;
      }
      await new Promise<void>((done) => {
        this.#notify = done;
      });
    }
  }

  end(): void {
    for (const watcher of this.#folders.values()) watcher.close();
  }
}

/** Callbacks for messages of a child. */
interface Ears {
  isReady(url: string): void;
  /** The child imports a file. */
  imports(file: string): void;
  readonly io: Io;
}

/** The server in its own process. */
class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #limit: number;
  #stopping = false;
  hasEnded = false;

  constructor(flags: ServeFlags, { isReady, imports, io }: Ears) {
    this.#limit = flags.grace * 1000 + KILL_AFTER_MILLISECONDS;
    const program = fileURLToPath(new URL("./child.js", import.meta.url));
    const child = fork(program, [JSON.stringify(flags)], { serialization: "advanced" });
    this.#process = child;
    // Leaves no child behind, however this process ends.
    const kill = () => void child.kill("SIGKILL");
    process.on("exit", kill);
    child.on("message", (message) => {
      if (isMessage(message, "ready")) isReady(message.url);
      if (isMessage(message, "imports")) imports(message.file);
      if (isMessage(message, "failed")) io.err(`galleta: ${message.line}\n`);
    });
    this.#ended = new Promise((done) => {
      child.once("exit", (code, signal) => {
        process.off("exit", kill);
        this.hasEnded = true;
        const how = signal ?? `exit code ${code}`;
        if (!this.#stopping)
          io.err(`The app ended (${how}). It starts again at the next change.\n`);
        done();
      });
    });
  }

  /** Stops the process. Resolves when it is gone, by itself or killed after a time-out. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const message: ToChild = { galleta: "stop" };
    if (this.#process.connected) this.#process.send(message, () => undefined);
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), this.#limit);
    await this.#ended;
    clearTimeout(timer);
  }
}
