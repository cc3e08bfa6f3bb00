import type { ChildProcess } from "node:child_process";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cpuSeconds, start, stop, waitFor } from "./children.ts";
import { HERE } from "./tree.ts";

// Debian's Python, by its path: another Python earlier in PATH may lack the packages.
const PYTHON = "/usr/bin/python3";

/** The core for servers; load generators get another one. */
const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** A server under measurement. */
export class MeasuredServer {
  readonly port: number;
  readonly child: ChildProcess;

  constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Seconds of processor time that the server has used. */
  get cpu(): number {
    return cpuSeconds(this.pid);
  }

  /** Logs `count` users in and returns their Cookie headers. */
  async login(count: number): Promise<string[]> {
    const jar: string[] = [];
    let next = 0;
    const logIn = async () => {
      for (let n = next++; n < count; n = next++) {
        const response = await fetch(`${this.url}/login?n=${n}`);
        if (!response.ok) throw new Error(`/login answers ${response.status}.`);
        await response.arrayBuffer();
        const cookies = response.headers.getSetCookie();
        jar[n] = cookies.map((each) => each.slice(0, each.indexOf(";"))).join("; ");
      }
    };
    await Promise.all(Array.from({ length: 8 }, logIn));
    return jar;
  }

  async stop(): Promise<void> {
    await stop(this.child);
  }
}

/**
 * Starts a server of bench/, in TypeScript or Python.
 * @param file relative to bench/
 * @param flags for Node
 * @param tree the repository with the packages to import
 */
export async function startServer(
  node: string,
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
  tree = HERE,
): Promise<MeasuredServer> {
  const command = file.endsWith(".py")
    ? [PYTHON, fileURLToPath(new URL(`../${file}`, import.meta.url))]
    : [node, ...flags, await tree.bundle(file)];
  const child = start([...command, ...args], {
    core: SERVER_CORE,
    env: { NODE_ENV: "production" },
  });
  return new MeasuredServer(child, Number(await waitFor(child, "PORT ")));
}

/** Explains why Python servers cannot run here; undefined if they can. */
export function pythonLacks(): string | undefined {
  const modules = "starlette, uvicorn, uvloop, httptools, itsdangerous, websockets";
  const { status } = spawnSync(PYTHON, ["-c", `import ${modules}`]);
  return status === 0
    ? undefined
    : "It needs Debian's python3-starlette, python3-uvicorn, python3-uvloop, python3-httptools, python3-itsdangerous and python3-websockets.";
}

/** Returns the version of a module of the Python server. */
export function pythonVersion(module: string): string {
  const code = `import importlib.metadata as m; print(m.version("${module}"))`;
  const { stdout } = spawnSync(PYTHON, ["-c", code], { encoding: "utf8" });
  return stdout?.trim() || "?";
}
