import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { once } from "node:events";

const running = new Set<ChildProcess>();

/** Stops all processes of the run that are still running. */
export function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

process.on("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

/** True if a command exists. */
export function has(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}

const canPin = has("taskset");

/** Pins a command to one core if the machine allows it. */
function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined || !canPin ? command : ["taskset", "-c", String(core), ...command];
}

export interface StartOptions {
  readonly core?: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a child process that ends with the run. */
export function start(
  command: readonly string[],
  { core, env = {} }: StartOptions = {},
): ChildProcess {
  const [program = "", ...args] = pinned(core, command);
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** Runs a command to its end and returns its output. */
export async function run(command: readonly string[], options: StartOptions = {}): Promise<string> {
  const child = start(command, options);
  child.stdin?.end();
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}.\n${output}`);
  return output;
}

/** Stops a child and waits for its end. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/**
 * Waits for the first line of a child's output that contains `word`, and returns the text after it.
 */
export async function waitFor(
  child: ChildProcess,
  word: string,
  timeoutMs = 20_000,
): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    const late = () => settle(() => reject(new Error(`No "${word}" in time: ${text}`)));
    const timer = setTimeout(late, timeoutMs);
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      child.stdout?.off("data", read);
      finish();
    };
    const read = (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const [line] = text
        .split("\n")
        .slice(0, -1)
        .filter((each) => each.includes(word));
      if (line !== undefined) settle(() => resolve(line.slice(line.indexOf(word) + word.length)));
    };
    child.stdout?.on("data", read);
    child.once("exit", (code) => settle(() => reject(new Error(`It ended with ${code}: ${text}`))));
  });
}

/** Returns the seconds of processor time that a process has used. Only on Linux. */
export function cpuSeconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  // Nanoseconds; /proc/<pid>/stat has only hundredths of a second.
  const nanos = (task: string) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ", 1)[0]);
  return readdirSync(tasks).reduce((sum, task) => sum + nanos(task), 0) / 1e9;
}
