import { type ChildProcess, fork } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type FSWatcher, watch } from "chokidar";
import type { Io } from "./command.ts";
import { shortPath } from "./failure.ts";
import { isMessage, type ToChild } from "./ipc.ts";
import { type ServeFlags, withPortOf } from "./plan.ts";
import { readSource } from "./source.ts";
import { parseTarget } from "./target.ts";

/** An editor that saves several files, or one in several steps, means one restart. */
const SETTLE_MILLISECONDS = 50;
/** Who waits for a restart does not wait long for the requests in flight. */
const GRACE_SECONDS = 2;
const KILL_AFTER_MILLISECONDS = 2000;
const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx|json)$/;
/** Folders without source: hidden ones, packages. */
const IGNORED = /(?:^|[/\\])(?:\.[^/\\]+|node_modules)(?:$|[/\\])/;

/**
 * `galleta serve --watch`: serves in a child process, and starts another when a file has changed
 * that the app is made of.
 *
 * @param stop resolves when it shall end
 * @throws CliError when there is no such file
 */
export async function runWatching(
  flags: ServeFlags,
  stop: Promise<void>,
  announce: (url: string) => void,
  io: Io,
): Promise<void> {
  const { file } = parseTarget(flags.target);
  const changes = new Changes(
    dirname(file),
    flags.envFiles.map((path) => resolve(path)),
  );
  await changes.begin();
  const stopped = stop.then(() => undefined);
  let childFlags: ServeFlags = { ...flags, grace: Math.min(flags.grace, GRACE_SECONDS) };
  const isReady = (url: string) => {
    childFlags = withPortOf(childFlags, url);
    announce(url);
  };
  try {
    for (;;) {
      // The watching has begun already: what changes while the app starts is seen as well.
      const child = new Child(childFlags, isReady, io);
      const reading = await readSource(file);
      const names = await Promise.race([
        changes.next(reading.ok ? reading.files : undefined),
        stopped,
      ]);
      if (names !== undefined) io.err(`Restarting: ${names.map(shortPath).join(", ")} changed.\n`);
      await child.stop();
      if (names === undefined) return;
    }
  } finally {
    await changes.end();
  }
}

/** Changes of files below a folder. */
class Changes {
  readonly #watcher: FSWatcher;
  readonly #extra: ReadonlySet<string>;
  readonly #changed = new Set<string>();
  #notify: () => void = () => undefined;

  constructor(folder: string, extra: readonly string[]) {
    this.#extra = new Set(extra);
    this.#watcher = watch([folder, ...extra], {
      ignoreInitial: true,
      ignored: (path) => !this.#extra.has(path) && IGNORED.test(path.slice(folder.length)),
    });
    this.#watcher.on("all", (_event, path) => {
      this.#changed.add(resolve(path));
      this.#notify();
    });
  }

  begin(): Promise<void> {
    return new Promise((done, fail) => {
      this.#watcher.once("ready", () => done());
      this.#watcher.once("error", fail);
    });
  }

  /**
   * Waits for a change, also one that came before the call.
   * @param files what counts; any source file where it is not known, as after a syntax error
   */
  async next(files: ReadonlySet<string> | undefined): Promise<readonly string[]> {
    const counts = (path: string) =>
      this.#extra.has(path) || (files === undefined ? SOURCE.test(path) : files.has(path));
    for (;;) {
      if ([...this.#changed].some(counts)) {
        await new Promise((done) => setTimeout(done, SETTLE_MILLISECONDS));
        const found = [...this.#changed].filter(counts);
        this.#changed.clear();
        return found;
      }
      this.#changed.clear();
      await new Promise<void>((done) => {
        this.#notify = done;
      });
    }
  }

  end(): Promise<void> {
    return this.#watcher.close();
  }
}

/** The server in its own process. */
class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #limit: number;
  #stopping = false;

  constructor(flags: ServeFlags, announce: (url: string) => void, io: Io) {
    this.#limit = flags.grace * 1000 + KILL_AFTER_MILLISECONDS;
    const program = fileURLToPath(new URL("./child.js", import.meta.url));
    const child = fork(program, [JSON.stringify(flags)], { serialization: "advanced" });
    this.#process = child;
    // However this process ends, the child is not left behind.
    const kill = () => void child.kill("SIGKILL");
    process.on("exit", kill);
    child.on("message", (message) => {
      if (isMessage(message, "ready")) announce(message.url);
      if (isMessage(message, "failed")) io.err(`galleta: ${message.line}\n`);
    });
    this.#ended = new Promise((done) => {
      child.once("exit", (code, signal) => {
        process.off("exit", kill);
        const how = signal ?? `exit code ${code}`;
        if (!this.#stopping)
          io.err(`The app ended (${how}). It starts again at the next change.\n`);
        done();
      });
    });
  }

  /** Resolves when the process is gone: by itself, or killed when it takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const message: ToChild = { galleta: "stop" };
    if (this.#process.connected) this.#process.send(message, () => undefined);
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), this.#limit);
    await this.#ended;
    clearTimeout(timer);
  }
}
