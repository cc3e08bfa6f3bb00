import { writeFileSync } from "node:fs";
import { run } from "./children.ts";
import { LOAD_CORE, type MeasuredServer } from "./server.ts";
import { cacheFolder, compile } from "./tools.ts";

/**
 * The users of a server: a file with each user's cookie, which the load program keeps up to date.
 */
export class Jar {
  static #count = 0;
  readonly file: string;

  constructor(cookies: readonly string[]) {
    this.file = `${cacheFolder()}jar-${process.pid}-${(Jar.#count += 1)}`;
    writeFileSync(this.file, cookies.map((cookie) => `${cookie}\n`).join(""));
  }
}

/** The cost of some requests. */
export interface Sample {
  readonly requests: number;
  readonly seconds: number;
  /** Seconds of processor time of all processes together. */
  readonly cpu: number;
}

const CONNECTIONS = 32;

/**
 * Sends requests to the processes of a server, with the cookies of random users.
 *
 * @throws Error if there is no C compiler, or an answer is not 200
 */
export async function load(
  servers: readonly MeasuredServer[],
  path: string,
  jar: Jar,
  requests: number,
): Promise<Sample> {
  const tool = await compile("http");
  const ports = servers.map(({ port }) => port).join(",");
  const cpu = () => servers.reduce((sum, server) => sum + server.cpu, 0);
  const before = cpu();
  const command = [tool, ports, path, jar.file, String(requests), String(CONNECTIONS)];
  const [, seconds = "0"] = (await run(command, { core: LOAD_CORE })).split(" ");
  return { requests, seconds: Number(seconds), cpu: cpu() - before };
}

/** Adds up samples of one server. */
export function total(samples: readonly Sample[]): Sample {
  const sum = (of: keyof Sample) => samples.reduce((all, sample) => all + sample[of], 0);
  return { requests: sum("requests"), seconds: sum("seconds"), cpu: sum("cpu") };
}

/** Returns microseconds of the server's processor time for one request. */
export function microsOf({ cpu, requests }: Sample): number {
  return (cpu * 1e6) / requests;
}
