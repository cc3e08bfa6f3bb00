import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Finding } from "../lib/findings.ts";
import { short } from "../lib/stats.ts";
import { printTable } from "../lib/table.ts";
import { cacheFolder } from "../lib/tools.ts";
import { featureSizes } from "./features.ts";

const EXPRESS = 'export { session } from "@galleta/session/express";';
const SUBJECTS: readonly (readonly [name: string, code: string])[] = [
  ["@galleta/session/express", EXPRESS],
  ["@galleta/session/fetch", 'export { session } from "@galleta/session/fetch";'],
  ["express-session", 'export { default } from "express-session";'],
  ["cookie-session", 'export { default } from "cookie-session";'],
  ["iron-session", 'export { getIronSession } from "iron-session";'],
];

/** Measures the size of a bundle of each library. */
export async function benchSize(): Promise<Finding[]> {
  const sizes: number[] = [];
  for (const [, contents] of SUBJECTS) sizes.push(await kilobytesOf(contents));
  printTable(
    "Bundled, minified and gzipped, kB",
    ["library", "kB"],
    SUBJECTS.map(([name], i) => [name, short(sizes[i] ?? Number.NaN)]),
  );
  printTable(
    "The Express adapter by what its code is for, kB",
    ["", "minified", "gzipped"],
    (await featureSizes()).map(([name, ...bytes]) => [name, ...bytes.map(short)]),
  );
  return [
    {
      what: "the Express adapter, minified and gzipped",
      unit: " kB",
      atMost: 15,
      rounds: sizes.slice(0, 1),
      isExact: true,
    },
  ];
}

async function kilobytesOf(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: cacheFolder() },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length / 1000;
}
