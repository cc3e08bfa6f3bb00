// Run by bench.ts in a process of its own, under the Node that is measured. Prints JSON.
import { versionOf } from "../lib/machine.ts";
import { median, spread } from "../lib/stats.ts";
import { bare, hmac } from "./contestants/bare.ts";
import { cookieSessions, expressSessions } from "./contestants/express.ts";
import { galleta, galletaUnseen } from "./contestants/galleta.ts";
import {
  fastifySecureSession,
  h3Session,
  honoSessions,
  ironSession,
} from "./contestants/sealed.ts";
import { joseTokens, reactRouter } from "./contestants/tokens.ts";
import { dataOf, expectViews, type Contestant, type Kind, type Work } from "./contestant.ts";
import { measure } from "./measure.ts";

const CONTESTANTS: readonly Contestant[] = [
  galleta,
  galletaUnseen,
  hmac,
  bare,
  cookieSessions,
  expressSessions,
  reactRouter,
  ironSession,
  fastifySecureSession,
  honoSessions,
  h3Session,
  joseTokens,
];

export interface InProcessRow {
  readonly kind: Kind;
  readonly bytes: number;
  readonly name: string;
  readonly version: string;
  /** Nanoseconds, or null where it makes no sense. */
  readonly times: Readonly<Record<Step, number | null>>;
  readonly spread: number;
  readonly failure?: string;
}

const STEPS = ["read", "write", "untouched", "tampered"] as const;
export type Step = (typeof STEPS)[number];

const quick = process.argv.includes("--quick");
const [rounds, batchMs] = quick ? [2, 2] : [11, 10];

async function check(work: Work, who: string): Promise<void> {
  expectViews(await work.read(0), 1_000_000, who);
  expectViews(await work.read(1), 1_000_000, who);
  expectViews(await work.tampered(0), undefined, who);
}

async function measureAll(kind: Kind, bytes: number): Promise<InProcessRow[]> {
  const ready: { contestant: Contestant; work: Work }[] = [];
  const rows: InProcessRow[] = [];
  for (const contestant of CONTESTANTS.filter(({ kinds }) => kinds.includes(kind))) {
    const version =
      contestant.package === undefined ? process.version : versionOf(contestant.package);
    const row = { kind, bytes, name: contestant.name, version, spread: Number.NaN };
    const none = { read: null, write: null, untouched: null, tampered: null };
    try {
      const work = await contestant.prepare(kind, dataOf(bytes));
      await check(work, contestant.name);
      ready.push({ contestant, work });
      rows.push({ ...row, times: none });
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      rows.push({ ...row, times: none, failure });
    }
  }
  for (const step of STEPS) {
    const subjects = ready.map(({ work }) => ({ step: (i: number) => work[step](i) }));
    const results = await measure(subjects, rounds, batchMs);
    for (const [i, { contestant }] of ready.entries()) {
      const at = rows.findIndex(({ name }) => name === contestant.name);
      const row = rows[at];
      const samples = results[i] ?? [];
      if (row === undefined || (contestant === hmac && step !== "read")) continue;
      rows[at] = {
        ...row,
        times: { ...row.times, [step]: median(samples) },
        ...(step === "read" ? { spread: spread(samples) } : {}),
      };
    }
  }
  return rows;
}

const rows: InProcessRow[] = [];
for (const kind of ["signed", "encrypted"] as const) {
  for (const bytes of [40, 1024]) rows.push(...(await measureAll(kind, bytes)));
}
console.log(`RESULT ${JSON.stringify(rows)}`);
process.exit();
