import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { has, run } from "./children.ts";
import { LOAD_CORE, type MeasuredServer } from "./server.ts";
import { cacheFolder, compile } from "./tools.ts";

const SCRIPT = fileURLToPath(new URL("../load/session.lua", import.meta.url));

/** The load generator, as this machine has it. */
export interface Wrk {
  /** The library that keeps wrk from sleeping; undefined without a C compiler. */
  readonly shim: string | undefined;
}

/** What is asked of a server. */
export interface Load {
  readonly path: string;
  /** Cookies that take turns; none sends no cookie. */
  readonly jar?: readonly string[];
  /** Whether users bring the cookie of the last answer. */
  readonly follow?: boolean;
}

/** One measurement. */
export interface Sample {
  readonly perSecond: number;
  /** Microseconds of processor time that the server used for one request. */
  readonly cpuMicros: number;
}

/** @throws Error where wrk is not there */
export async function prepareWrk(): Promise<Wrk> {
  if (!has("wrk")) throw new Error("It needs Debian's wrk.");
  try {
    return { shim: await compile("poll", ["-shared", "-fPIC"]) };
  } catch {
    return { shim: undefined };
  }
}

const CONNECTIONS = 32;

/** Loads a server for some seconds. */
export async function load(
  wrk: Wrk,
  server: MeasuredServer,
  { path, jar = [""], follow = false }: Load,
  seconds: number,
): Promise<Sample> {
  const file = `${cacheFolder()}cookies-${server.port}`;
  writeFileSync(file, jar.map((cookie) => `${cookie}\n`).join(""));
  const flags = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-s", SCRIPT, server.url];
  const script = ["--", path, file, ...(follow ? ["follow"] : [])];
  const before = server.cpu;
  const output = await run(["wrk", ...flags, ...script], {
    core: LOAD_CORE,
    env: wrk.shim === undefined ? {} : { LD_PRELOAD: wrk.shim },
  });
  const cpu = server.cpu - before;
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`${path} fails:\n${output}`);
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
  return { perSecond, cpuMicros: (cpu * 1e6) / requests };
}
