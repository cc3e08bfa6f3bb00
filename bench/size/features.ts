import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const SOURCES = fileURLToPath(new URL("../../packages/session/src/", import.meta.url));

/** The features that the sources of the Express adapter belong to; the first match counts. */
const FEATURES: readonly (readonly [feature: string, sources: RegExp])[] = [
  ["tokens: signing, encryption, key rotation, the cache", /^(?:token|encoding)/],
  ["cookies: parsing, attributes, chunks", /^cookie\/|write-cookies|duplicates|strays/],
  ["cross-site checks, and what a denial explains", /^csrf\//],
  ["hosts and proxies", /^site\//],
  ["options, keys and their checks", /options|settings|secret|validate|nearest|schema|connect/],
  ["the seam for other frameworks' cookies", /foreign|neighbour/],
  [
    "saving without a lost update, ends, dropped writes",
    /merge|recent|dropped|end\.|late-|resume|save/,
  ],
  ["requests, responses and handshakes of Node", /^adapters\//],
  ["the session: reading, judging, the dictionary, events", /./],
];

/** A part of a bundle, in kilobytes. */
export type Part = readonly [name: string, minified: number, gzipped: number];

/** Divides the bundle of the Express adapter by feature. */
export async function featureSizes(): Promise<Part[]> {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${SOURCES}adapters/express.ts`],
    absWorkingDir: SOURCES,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    write: false,
    metafile: true,
  });
  const { text = "" } = outputFiles[0] ?? {};
  const [output] = Object.values(metafile.outputs);
  const sizes = new Map<string, number>();
  for (const [source, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const [feature = ""] = FEATURES.find(([, sources]) => sources.test(source)) ?? [];
    sizes.set(feature, (sizes.get(feature) ?? 0) + bytesInOutput);
  }
  const share = gzipped(text) / text.length;
  const parts = [...sizes].map(([name, bytes]): Part => [name, bytes / 1000, bytes * share]);
  const silent = withoutSentences(text);
  const sentences = (text.length - silent.length) / 1000;
  return [
    ...parts.toSorted(([, one], [, other]) => other - one),
    ["sentences in all of them, for errors and events", sentences, gzipped(text) - gzipped(silent)],
  ];
}

const TEXT = /"[^"\\\n]*"|`[^`\\]*`/g;

/** Empties strings of four words and more. */
function withoutSentences(code: string): string {
  return code.replaceAll(TEXT, (text) => (text.split(" ").length < 4 ? text : '""'));
}

function gzipped(text: string): number {
  return gzipSync(text, { level: 9 }).length / 1000;
}
