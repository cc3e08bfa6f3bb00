import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../lib/children.ts";
import type { Finding } from "../lib/findings.ts";
import type { Options } from "../lib/options.ts";
import { pythonLacks } from "../lib/server.ts";
import { median, short } from "../lib/stats.ts";
import { printSkipped, printTable } from "../lib/table.ts";
import { cacheFolder } from "../lib/tools.ts";
import { answerTimes } from "./answers.ts";
import { bunPath, workerdTimes } from "./runtimes.ts";

const OURS = ["express", "fastify", "hono", "koa", "h3", "node", "fetch"];

/** The modules to import and set up: module, export and arguments, by name. */
const PEERS: Readonly<Record<string, readonly [module: string, name: string, options: string]>> = {
  "express-session": [
    "express-session",
    "default",
    "{ secret: SECRET, resave: false, saveUninitialized: false }",
  ],
  "cookie-session": ["cookie-session", "default", '{ name: "session", keys: [SECRET] }'],
  "iron-session": ["iron-session", "getIronSession", ""],
};

const STARTS = {
  ...PEERS,
  ...Object.fromEntries(
    OURS.map((name) => [
      name,
      [`@galleta/session/${name}`, "session", "{ secretKey: SECRET }"] as const,
    ]),
  ),
};

interface Start {
  /** Milliseconds of processor time. */
  readonly imported: number;
  readonly setUp: number;
}

/** Measures the cost of a process before its first request. */
export async function benchStart(options: Options): Promise<Finding[]> {
  const rounds = options.quick ? 2 : 15;
  const onNode = await startTimes(options.node, Object.keys(STARTS), rounds);
  print("Node", onNode);
  const findings = findingsOf("Node", onNode, OURS);
  const bun = bunPath();
  if (bun === undefined) printSkipped("Bun and workerd", "They need `npm run runtimes`.");
  else {
    const onBun = await startTimes(bun, ["express-session", "fetch"], rounds);
    print("Bun", onBun);
    findings.push(...findingsOf("Bun", onBun, ["fetch"]));
    findings.push(await workerdTimes(rounds));
  }
  const lacks = pythonLacks();
  if (lacks === undefined) findings.push(await answerTimes(options.node, rounds));
  else printSkipped("the start of Starlette", lacks);
  return findings;
}

/** Measures each in a fresh process, in turns. */
async function startTimes(runtime: string, names: readonly string[], rounds: number) {
  const results = new Map<string, Start[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const start = JSON.parse(await run([runtime, script(name)], { core: 0 })) as Start;
      // The first round only loads the files into memory.
      if (round >= 0) results.get(name)?.push(start);
    }
  }
  return results;
}

function script(name: string): string {
  const [module, exported, options] = STARTS[name as keyof typeof STARTS] ?? ["", "", ""];
  const folder = join(cacheFolder(), "run");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `start-${name}.mjs`);
  const setUp = options === "" ? "" : `module.${exported}(${options});`;
  writeFileSync(
    path,
    `const SECRET = "a secret of forty-four characters, all in a line";
const since = (from) => { const { user, system } = process.cpuUsage(from); return (user + system) / 1000; };
const before = process.cpuUsage();
const module = await import("${module}");
const imported = since(before);
const ready = process.cpuUsage();
${setUp}
console.log(JSON.stringify({ imported, setUp: since(ready) }));
`,
  );
  return path;
}

function findingsOf(
  runtime: string,
  results: ReadonlyMap<string, readonly Start[]>,
  ours: readonly string[],
): Finding[] {
  const peer = results.get("express-session") ?? [];
  const whole = (start: Start | undefined) =>
    start === undefined ? Number.NaN : start.imported + start.setUp;
  return ours.flatMap((name) => {
    const mine = results.get(name) ?? [];
    return [
      {
        what: `${runtime}: import and set-up of /${name} in a fresh process, of express-session's`,
        unit: "x",
        atMost: 1,
        rounds: mine.map((start, i) => whole(start) / whole(peer[i])),
      },
      {
        what: `${runtime}: set-up of /${name} alone`,
        unit: " ms",
        atMost: 1,
        rounds: mine.map(({ setUp }) => setUp),
      },
    ];
  });
}

function print(runtime: string, results: ReadonlyMap<string, readonly Start[]>): void {
  printTable(
    `Start on ${runtime}: processor time in a fresh process, ms`,
    ["", "import", "set-up"],
    [...results].map(([name, starts]) => [
      name,
      short(median(starts.map(({ imported }) => imported))),
      short(median(starts.map(({ setUp }) => setUp))),
    ]),
  );
}
