// Run by bench.ts under valgrind. At each `process.umask()`, valgrind writes its count since the
// last one. Each row makes one call after its warm-up and one after each window.
import { hmac } from "../in-process/contestants/bare.ts";
import { contestant } from "../in-process/contestants/galleta.ts";
import { fastifySecureSession } from "../in-process/contestants/sealed.ts";
import { dataOf, type Contestant, type Kind } from "../in-process/contestant.ts";
import type { Step } from "../in-process/main.ts";

const WARM_UP = 12_000;
const WINDOWS = 4;
/** Requests in a window. */
const COUNTED = 500;

const seen = contestant("Galleta", 256);
// Each cookie is used once.
const unseen = contestant("Galleta, cookie not seen lately", WARM_UP + WINDOWS * COUNTED);

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
  let next = 0;
  for (; next < WARM_UP; next += 1) await work[step](next);
  process.umask();
  for (let window = 0; window < WINDOWS; window += 1) {
    for (let i = 0; i < COUNTED; i += 1, next += 1) await work[step](next);
    process.umask();
  }
  const row = { name: who.name, kind, step, windows: WINDOWS, count: COUNTED };
  console.log(`ROW ${JSON.stringify(row)}`);
}
process.exit();
