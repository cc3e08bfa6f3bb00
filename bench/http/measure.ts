import { randomBytes } from "node:crypto";
import { Jar, load, microsOf, total, type Sample } from "../lib/http-load.ts";
import { startServer, type MeasuredServer } from "../lib/server.ts";
import type { Tree } from "../lib/tree.ts";
import { isBare, keyOf, SERVERS, type Row } from "./rows.ts";

/** The number of rounds and requests in a measurement. */
export interface Effort {
  readonly rounds: number;
  /**
   * Requests in one slice. Each round has four slices of each row, in turns with the other rows.
   */
  readonly requests: number;
  /** Requests that each process answers before the first slice, for each row. */
  readonly warmUp: number;
}

/** A row, and the tree with the packages to measure. */
export interface Subject {
  readonly row: Row;
  readonly tree: Tree;
}

const SLICES = 4;

/**
 * Enough requests for a warm-up. V8 compiles until then, on threads whose time is counted as well: a
 * write to the App costs 230 µs after 4,000 requests and 150 after 12,000, and on Hono 290 and 160.
 */
export const WARM_UP = 12_000;
/**
 * Requests of an unmeasured slice after the warm-ups of all servers. When the connections of a
 * warm-up close, V8 deoptimizes functions of Node, and compiles them again in the next slice: 20 to
 * 35 µs of each request, with and without a session.
 */
const SETTLE = 1500;
/** CPython compiles nothing while it runs. */
const PYTHON_WARM_UP = 500;

/**
 * A server waits for its turn, as it never does under load. After some seconds V8 then collects
 * garbage to save memory, drops the shapes of which no object lives, and deoptimizes all code that
 * depends on them: a request costs three times as much, and more than before for 5,000 requests.
 */
const NODE_FLAGS = ["--no-memory-reducer"];

/** Microseconds of processor time for one request, one value for each round. */
export type Costs = readonly number[];

interface Running extends Subject {
  readonly servers: readonly MeasuredServer[];
  readonly jar: Jar;
  readonly samples: Sample[];
}

/**
 * Measures rows in rounds. Each round starts every server anew, because a Node process settles into
 * a faster or a slower state and stays there. Then it loads all servers in turns.
 */
export async function measureRows(
  node: string,
  subjects: readonly Subject[],
  { rounds, requests, warmUp: count }: Effort,
): Promise<Costs[]> {
  const costs = subjects.map((): number[] => []);
  const jars = new Map<string, Jar>();
  for (let round = 0; round < rounds; round += 1) {
    const running = await startAll(node, subjects, jars);
    for (const each of running) await warmUp(each, count);
    for (const { servers, row, jar } of running) {
      await load(servers, row.path, jar, servers.length * Math.min(count, SETTLE));
    }
    for (let slice = 0; slice < SLICES; slice += 1) {
      // Every second slice runs backwards, so that no row always follows the same one.
      for (const each of slice % 2 === 0 ? running : running.toReversed()) {
        each.samples.push(await load(each.servers, each.row.path, each.jar, requests));
      }
    }
    for (const [i, { samples }] of running.entries()) costs[i]?.push(microsOf(total(samples)));
    await Promise.all(running.flatMap(({ servers }) => servers.map((server) => server.stop())));
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  return costs;
}

async function startAll(
  node: string,
  subjects: readonly Subject[],
  jars: Map<string, Jar>,
): Promise<Running[]> {
  // Rows with the same server share its processes.
  const started = new Map<string, Promise<readonly MeasuredServer[]>>();
  const start = ({ row, tree }: Subject) => {
    const key = `${tree.root} ${row.server} ${row.processes} ${row.users}`;
    const servers = started.get(key) ?? startProcesses(node, row, tree);
    started.set(key, servers);
    return servers;
  };
  const running: Running[] = [];
  for (const subject of subjects) {
    const servers = await start(subject);
    const key = `${subject.tree.root} ${keyOf(subject.row)}`;
    const jar = jars.get(key) ?? (await jarOf(servers[0], subject.row));
    jars.set(key, jar);
    running.push({ ...subject, servers, jar, samples: [] });
  }
  return running;
}

async function startProcesses(node: string, { server, processes }: Row, tree: Tree) {
  const { file = "", mode = "" } = SERVERS[server] ?? {};
  return Promise.all(
    Array.from({ length: processes }, () => startServer(node, file, [mode], NODE_FLAGS, tree)),
  );
}

/** Servers without sessions get cookies of the same size. */
async function jarOf(
  server: MeasuredServer | undefined,
  { server: name, users }: Row,
): Promise<Jar> {
  if (server === undefined) throw new RangeError("A row needs a process.");
  if (!isBare(name)) return new Jar(await server.login(users));
  return new Jar(
    Array.from({ length: users }, () => `session=${randomBytes(110).toString("base64url")}`),
  );
}

/**
 * Sends requests until the code is compiled. To read the sessions of many users, each process must
 * also have seen each of them. A write makes a cookie that the other processes have not seen.
 */
async function warmUp({ servers, row, jar }: Running, count: number): Promise<void> {
  const { server, path, users } = row;
  const each = path === "/read" ? Math.max(count, users * 3) : count;
  const isPython = SERVERS[server]?.file.endsWith(".py") ?? false;
  await load(servers, path, jar, servers.length * (isPython ? PYTHON_WARM_UP : each));
}
