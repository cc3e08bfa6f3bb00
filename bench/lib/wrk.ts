import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { busySeconds, has, run } from "./children.ts";
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
  /** Seconds of processor time that went to neither the server nor the load, per second. */
  readonly foreign: number;
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

/** Files that wrk is reading; also a run that is broken off leaves none. */
const jars = new Set<string>();
process.on("exit", () => jars.forEach(remove));

function remove(file: string): void {
  jars.delete(file);
  rmSync(file, { force: true });
}

/** More than this share of a core going elsewhere makes a measurement worthless. */
const DISTURBED = 0.08;

/**
 * Loads a server for some seconds. What something else disturbed is measured again, up to `tries`
 * times; the least disturbed attempt counts.
 */
export async function load(
  wrk: Wrk,
  server: MeasuredServer,
  what: Load,
  seconds: number,
  tries = 2,
): Promise<Sample> {
  let best: Sample | undefined;
  for (let i = 0; i < tries; i += 1) {
    const sample = await loadOnce(wrk, server, what, seconds);
    if (best === undefined || sample.foreign < best.foreign) best = sample;
    if (best.foreign < DISTURBED) break;
  }
  if (best === undefined) throw new RangeError("It takes at least one try.");
  return best;
}

async function loadOnce(
  wrk: Wrk,
  server: MeasuredServer,
  { path, jar = [""], follow = false }: Load,
  seconds: number,
): Promise<Sample> {
  const file = `${cacheFolder()}cookies-${server.port}`;
  jars.add(file);
  writeFileSync(file, jar.map((cookie) => `${cookie}\n`).join(""));
  const flags = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-s", SCRIPT, server.url];
  const script = ["--", path, file, ...(follow ? ["follow"] : [])];
  const [before, busyBefore] = [server.cpu, busySeconds()];
  const began = performance.now();
  const env: Record<string, string> = wrk.shim === undefined ? {} : { LD_PRELOAD: wrk.shim };
  const output = await run(["wrk", ...flags, ...script], { core: LOAD_CORE, env }).finally(() =>
    remove(file),
  );
  const cpu = server.cpu - before;
  const took = (performance.now() - began) / 1000;
  // The generator polls all the time it runs; stock wrk would use less.
  const foreign = Math.max(0, (busySeconds() - busyBefore - cpu) / took - 1);
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`${path} fails:\n${output}`);
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
  return { perSecond, cpuMicros: (cpu * 1e6) / requests, foreign };
}
