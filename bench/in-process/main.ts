// Run by bench.ts in a separate process, with the Node to measure. Prints JSON.
import { versionOf } from "../lib/machine.ts";
import { bare, hmac } from "./contestants/bare.ts";
import { cookieSessions, expressSessions } from "./contestants/express.ts";
import { galleta, galletaFleet, galletaUnseen } from "./contestants/galleta.ts";
import {
  fastifySecureSession,
  h3Session,
  honoSessions,
  ironSession,
} from "./contestants/sealed.ts";
import { joseTokens, reactRouter } from "./contestants/tokens.ts";
import { dataOf, expectViews, type Contestant, type Kind, type Work } from "./contestant.ts";
import { measure } from "./measure.ts";

/**
 * The libraries for the verdicts. All of them are synchronous: a library that works in threads
 * would disturb the others.
 */
const DECIDING: readonly Contestant[] = [
  galleta,
  galletaUnseen,
  galletaFleet,
  hmac,
  fastifySecureSession,
];
const PEERS: readonly Contestant[] = [
  bare,
  cookieSessions,
  expressSessions,
  reactRouter,
  ironSession,
  honoSessions,
  h3Session,
  joseTokens,
];

export interface InProcessRow {
  readonly kind: Kind;
  readonly bytes: number;
  readonly name: string;
  readonly version: string;
  /** Nanoseconds in each round; undefined for a step that does not apply. */
  readonly times: Readonly<Record<Step, readonly number[]>>;
  readonly failure?: string;
}

const STEPS = ["read", "write", "untouched", "tampered"] as const;
export type Step = (typeof STEPS)[number];

const quick = process.argv.includes("--quick");
const CONTESTANTS = process.argv.includes("--peers") ? PEERS : DECIDING;
const SIZES = process.argv.includes("--all") ? [40, 1024] : [40];
const [rounds, batchMs] = quick ? [2, 2] : [15, 20];

async function check(work: Work, who: string): Promise<void> {
  expectViews(await work.read(0), 1_000_000, who);
  expectViews(await work.read(1), 1_000_000, who);
  expectViews(await work.tampered(0), undefined, who);
}

async function measureAll(kind: Kind, bytes: number): Promise<InProcessRow[]> {
  const ready: { name: string; work: Work; times: Record<Step, readonly number[]> }[] = [];
  const rows: InProcessRow[] = [];
  for (const contestant of CONTESTANTS.filter(({ kinds }) => kinds.includes(kind))) {
    const version =
      contestant.package === undefined ? process.version : versionOf(contestant.package);
    const times = { read: [], write: [], untouched: [], tampered: [] };
    const row = { kind, bytes, name: contestant.name, version, times };
    try {
      const work = await contestant.prepare(kind, dataOf(bytes));
      await check(work, contestant.name);
      ready.push({ name: contestant.name, work, times });
      rows.push(row);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      rows.push({ ...row, failure });
    }
  }
  for (const step of STEPS) {
    // `hmac` only reads, and the other steps of the fleet are those of another row.
    const able = ready.filter(
      ({ name }) => step === "read" || (name !== hmac.name && name !== galletaFleet.name),
    );
    const subjects = able.map(({ work }) => ({ step: (i: number) => work[step](i) }));
    const results = await measure(subjects, rounds, batchMs);
    for (const [i, { times }] of able.entries()) times[step] = results[i] ?? [];
  }
  return rows;
}

const rows: InProcessRow[] = [];
for (const kind of ["signed", "encrypted"] as const) {
  for (const bytes of SIZES) rows.push(...(await measureAll(kind, bytes)));
}
console.log(`RESULT ${JSON.stringify(rows)}`);
process.exit();
