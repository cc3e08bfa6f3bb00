import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";

/** Reads process ids, `+` for a new one and `-` for one that ended, and kills the rest at the end. */
const REAPER = `
all=
while read -r sign pid; do
  if [ "$sign" = + ]; then all="$all $pid"; continue; fi
  rest=
  for each in $all; do [ "$each" = "$pid" ] || rest="$rest $each"; done
  all=$rest
done
for each in $all; do kill -9 "$each"; done
`;

let reaper: Writable | undefined;

/** Starts the reaper in a session of its own, so that what kills the test does not kill it. */
function startReaper(): Writable | undefined {
  if (process.platform === "win32") return undefined;
  const child = spawn("sh", ["-c", REAPER], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  (child.stdin as Writable & { unref(): void }).unref();
  return child.stdin;
}

/**
 * Ends a program with this process, however that ends. A test that is killed by a time limit runs no
 * hooks, and its servers would keep their ports and memory.
 *
 * @param isGroup true for a child with `detached`: its own children end with it
 */
export function endsWithTest<Child extends ChildProcess>(child: Child, isGroup = false): Child {
  const { pid } = child;
  reaper ??= startReaper();
  if (pid === undefined || reaper === undefined) return child;
  const target = isGroup ? -pid : pid;
  reaper.write(`+ ${target}\n`);
  child.once("exit", () => reaper?.write(`- ${target}\n`));
  return child;
}

/** Kills a program, and resolves when it has ended. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
