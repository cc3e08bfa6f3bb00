import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { PluginKind, declareClassPlugin, commonTokens } from "@stryker-mutator/api/plugin";
import {
  determineHitLimitReached,
  toMutantRunResult,
  DryRunStatus,
  TestStatus,
} from "@stryker-mutator/api/test-runner";
import { startTests } from "@vitest/runner";
import { getNames } from "@vitest/runner/utils";
import { loadConfigFromFile } from "vite";
import { bundleTests } from "./bundle.mjs";
import { isSlowFor, testFiles, TOO_SLOW } from "./folders.mjs";

// Vitest starts a worker for each mutant, and evaluates and transforms all modules there: three
// seconds of CPU. The same tests with Vitest's own runner in this process take a tenth of that.
const config = {
  root: "",
  setupFiles: [],
  sequence: { shuffle: false, concurrent: false, hooks: "stack", setupFiles: "list" },
  maxConcurrency: 1,
  testTimeout: 20_000,
  hookTimeout: 20_000,
  retry: 0,
  tags: [],
  passWithNoTests: true,
  fakeTimers: { loopLimit: 10_000, shouldClearNativeTimers: true },
  expect: {},
  snapshotOptions: {},
};
globalThis.__vitest_worker__ = {
  config,
  ctx: {},
  metaEnv: process.env,
  environment: { name: "node" },
};
const { expect, vi } = await import("vitest");

/** In the sandbox. A worker that replaces one with an endless loop makes no dry run. */
const DURATIONS = "durations-of-tests.json";

/** The same in every sandbox, so that an incremental run knows which tests are new. */
const nameOf = (test) => getNames(test).slice(1).join(" > ");
const idOf = (test) => `${test.file.filepath}#${nameOf(test)}`;

/** True for the test file of a mutant's own file, which most often finds it. */
const isBeside = (testFile, { fileName }) =>
  testFile.endsWith(fileName.replace(/^.*(?=\/src\/)/, "").replace(/\.ts$/, ".test.ts"));

class InProcess {
  static inject = [commonTokens.options];
  #namespace = (globalThis.__stryker__ ??= {});
  #evaluate;
  #files = [];
  /** How long the tests of each file took in the dry run: all of them, and the longest. */
  #durations = new Map();
  #strayErrors = 0;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    for (const event of ["uncaughtException", "unhandledRejection"]) {
      process.on(event, () => (this.#strayErrors += 1));
    }
    console.warn = console.error = console.log = () => undefined;
    const root = (config.root = process.cwd());
    const given = await loadConfigFromFile(
      { command: "serve", mode: "test" },
      "vitest.config.ts",
      root,
    );
    const [unit] = given.config.test.projects;
    this.#files = testFiles(root);
    if (existsSync(DURATIONS)) this.#durations = new Map(JSON.parse(readFileSync(DURATIONS)));
    this.#evaluate = await bundleTests(this.#files, unit.resolve.alias, root);
  }

  async dryRun() {
    const namespace = this.#namespace;
    namespace.activeMutant = undefined;
    namespace.mutantCoverage = { static: {}, perTest: {} };
    const tests = await this.#run({ files: this.#files, isDry: true });
    for (const { fileName, timeSpentMs } of tests) {
      const { all, longest } = this.#durationOf(fileName);
      this.#durations.set(fileName, {
        all: all + timeSpentMs,
        longest: Math.max(longest, timeSpentMs),
      });
    }
    writeFileSync(DURATIONS, JSON.stringify([...this.#durations]));
    const { mutantCoverage } = namespace;
    namespace.mutantCoverage = undefined;
    return { status: DryRunStatus.Complete, tests, mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }) {
    const namespace = this.#namespace;
    Object.assign(namespace, { hitLimit, hitCount: 0 });
    const ids = new Set(testFilter);
    const covering = new Set([...ids].map((id) => id.slice(0, id.indexOf("#"))));
    const files = this.#files
      .filter((file) => ids.size === 0 || covering.has(file))
      .filter((file) => !isSlowFor(file, activeMutant.fileName))
      .toSorted((a, b) => this.#durationOf(a).all - this.#durationOf(b).all)
      .toSorted((a, b) => Number(isBeside(b, activeMutant)) - Number(isBeside(a, activeMutant)));
    const tests = await this.#run({
      files,
      ids,
      mutant: activeMutant.id,
      isStatic: mutantActivation === "static",
    });
    const tooOften = determineHitLimitReached(namespace.hitCount, hitLimit);
    return toMutantRunResult(tooOften ?? { status: DryRunStatus.Complete, tests });
  }

  #durationOf(file) {
    return this.#durations.get(file) ?? { all: 0, longest: 0 };
  }

  /** Runs tests up to the first failure; in the dry run all of them. */
  async #run({ files, ids = new Set(), mutant, isStatic = false, isDry = false }) {
    const namespace = this.#namespace;
    // A static mutant is code that runs when its module is loaded.
    const atLoad = isStatic ? mutant : undefined;
    namespace.activeMutant = atLoad;
    const load = this.#evaluate();
    const tests = [];
    let failed = false;
    this.#strayErrors = 0;
    const runner = {
      config,
      pool: "threads",
      importFile: (file) => {
        namespace.activeMutant = atLoad;
        load(file);
      },
      onCollected: () => {
        namespace.activeMutant = mutant;
      },
      onBeforeRunTask: (test) => {
        const isLeftOut = TOO_SLOW.includes(test.name) || (ids.size > 0 && !ids.has(idOf(test)));
        if (failed || isLeftOut) test.mode = "skip";
      },
      onBeforeTryTask: (test) => {
        expect.setState({ assertionCalls: 0, currentTestName: test.name });
        if (isDry) namespace.currentTestId = idOf(test);
      },
      onAfterRunTask: (test) => {
        namespace.currentTestId = undefined;
        if (test.result === undefined) return;
        const isFailure = test.result.state === "fail" || this.#strayErrors > 0;
        if (!isDry) failed ||= isFailure;
        tests.push({
          id: idOf(test),
          name: nameOf(test),
          fileName: test.file.filepath,
          timeSpentMs: Math.round(test.result.duration ?? 0),
          ...(isFailure
            ? {
                status: TestStatus.Failed,
                failureMessage: String(test.result.errors?.[0]?.message),
              }
            : { status: TestStatus.Success }),
        });
      },
      extendTaskContext: (context) => Object.assign(context, { expect }),
    };
    for (const file of files) {
      if (failed) break;
      // A mutant for which a promise stays pending costs this time.
      if (!isDry) config.testTimeout = Math.max(3000, 5 * this.#durationOf(file).longest);
      const [task] = await startTests([{ filepath: file }], runner);
      vi.useRealTimers();
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
      // A hook or the file itself threw.
      if (
        task.result?.state === "fail" &&
        !tests.some(({ status }) => status === TestStatus.Failed)
      ) {
        failed = true;
        tests.push({
          id: `${file}#`,
          name: file,
          fileName: file,
          timeSpentMs: 0,
          status: TestStatus.Failed,
          failureMessage: String(task.result.errors?.[0]?.message),
        });
      }
    }
    namespace.activeMutant = undefined;
    return tests;
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "in-process", InProcess)];
