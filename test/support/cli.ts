import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { endsWithTest } from "./child.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const BIN = join(ROOT, "packages/galleta/bin/galleta.js");

/** Long enough for a strong key, and easy to find in any output. */
export const SECRET_KEY = "a-very-secret-key-that-no-output-may-hold-0123456789";

/** Runs of the program with their files. `end` removes all of them. */
export class CliBench {
  /** Inside the repository, so that an app there finds `galleta` like a user's app. */
  readonly folder: string;
  readonly #runs: CliRun[] = [];

  constructor() {
    if (!existsSync(join(ROOT, "packages/galleta/dist/cli/main.js"))) {
      throw new Error("The CLI is tested as it is built: run `npm run build` first.");
    }
    mkdirSync(join(ROOT, ".scratch"), { recursive: true });
    this.folder = mkdtempSync(join(ROOT, ".scratch/cli-"));
  }

  /** Writes a file into the folder and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  run(args: readonly string[], options: RunOptions = {}): CliRun {
    const run = new CliRun(args, { cwd: this.folder, ...options });
    this.#runs.push(run);
    return run;
  }

  /** Serves on a free port and waits for the URL. */
  async serve(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<CliRun & { readonly url: string }> {
    const run = this.run(["serve", ...args, "--port", "0"], options);
    return Object.assign(run, { url: await run.listening() });
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#runs.splice(0).map((run) => run.kill()));
  }

  async end(): Promise<void> {
    await this.killAll();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly bin?: string;
  /** A Node other than the one that runs the tests. */
  readonly node?: string;
}

/** One run of the program. */
export class CliRun {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  /** Resolves with the exit code and signal, after the output is complete. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  #hasEnded = false;
  readonly #watchers = new Set<() => void>();

  constructor(
    args: readonly string[],
    { env = {}, cwd = ROOT, bin = BIN, node = process.execPath }: RunOptions,
  ) {
    const { PATH = "", HOME = "" } = process.env;
    this.child = endsWithTest(
      spawn(node, [bin, ...args], {
        cwd,
        env: { PATH, HOME, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    this.child.stdout?.on("data", (data) => this.#note("stdout", String(data)));
    this.child.stderr?.on("data", (data) => this.#note("stderr", String(data)));
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
        for (const watcher of this.#watchers) watcher();
      });
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Waits until the output contains so many matches of the pattern; returns the last one. */
  until(stream: "stdout" | "stderr", pattern: RegExp, count = 1): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = [...this[stream].matchAll(new RegExp(pattern, "gm"))];
        if (found.length >= count) resolve(found[count - 1] as RegExpExecArray);
        else if (this.#hasEnded) reject(new Error(`It ended without ${pattern}:\n${this.output}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Waits for the URL that the server listens on; `start` counts the restarts. */
  async listening(start = 1): Promise<string> {
    const [, url = ""] = await this.until("stdout", /^Listening on (\S+?)\/?(?: \(.*\))?$/, start);
    return url;
  }

  get output(): string {
    return `${this.stdout}${this.stderr}`;
  }

  async kill(): Promise<void> {
    if (!this.#hasEnded) this.child.kill("SIGKILL");
    await this.ended;
  }

  #note(stream: "stdout" | "stderr", text: string): void {
    this[stream] += stripVTControlCharacters(text);
    for (const watcher of this.#watchers) watcher();
  }
}

/** True if a process is alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Repeats a question until the answer is true. Otherwise the test's time limit ends it. */
export async function eventually(question: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await question())) await new Promise((resolve) => setTimeout(resolve, 20));
}
