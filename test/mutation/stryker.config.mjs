import { folder, LEFT_OUT, mutated } from "./folders.mjs";

export default {
  plugins: [import.meta.resolve("./runner.mjs"), import.meta.resolve("./ignore-messages.mjs")],
  ignorers: ["messages"],
  testRunner: "in-process",
  mutate: [
    `packages/session/src/${mutated === folder ? `${folder}/**/*.ts` : mutated}`,
    `!packages/session/src/${folder}/**/*.test{,-d}.ts`,
    ...(LEFT_OUT[folder] ?? []).map((name) => `!packages/session/src/${folder}/${name}.ts`),
  ],
  // The sandbox holds what the tests read, test/ included. Folders with their own installs are large.
  ignorePatterns: [
    "bench",
    "docs/.vitepress",
    "**/dist",
    "test/{runtimes,full-stack,frameworks,companions}/**/node_modules",
  ],
  concurrency: 2,
  coverageAnalysis: "perTest",
  timeoutMS: 10_000,
  reporters: ["clear-text", "json", "progress-append-only"],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `.scratch/mutation/${mutated.replaceAll("/", "-")}.json` },
  tempDirName: ".scratch/stryker",
};
