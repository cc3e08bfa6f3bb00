// Run by bench.ts under valgrind. Each `process.umask()` is a mark at which valgrind writes down what
// it counted since the last one; what stands between two marks is one row.
import { hmac } from "../in-process/contestants/bare.ts";
import { contestant } from "../in-process/contestants/galleta.ts";
import { fastifySecureSession } from "../in-process/contestants/sealed.ts";
import { dataOf, type Contestant, type Kind } from "../in-process/contestant.ts";
import type { Step } from "../in-process/main.ts";

const WARM_UP = 3000;
const COUNTED = 1000;

const seen = contestant("Galleta", 256);
// Each cookie comes once.
const unseen = contestant("Galleta, cookie not seen lately", WARM_UP + COUNTED);

const ROWS: readonly (readonly [Contestant, Kind, Step])[] = [
  [seen, "signed", "untouched"],
  [seen, "signed", "read"],
  [unseen, "signed", "read"],
  [seen, "signed", "write"],
  [seen, "encrypted", "read"],
  [unseen, "encrypted", "read"],
  [seen, "encrypted", "write"],
  [hmac, "signed", "read"],
  [fastifySecureSession, "encrypted", "read"],
  [fastifySecureSession, "encrypted", "write"],
];

for (const [who, kind, step] of ROWS) {
  const work = await who.prepare(kind, dataOf(40));
  for (let i = 0; i < WARM_UP; i += 1) await work[step](i);
  process.umask();
  for (let i = 0; i < COUNTED; i += 1) await work[step](WARM_UP + i);
  process.umask();
  console.log(`ROW ${JSON.stringify({ name: who.name, kind, step, count: COUNTED })}`);
}
process.exit();
