import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { MatrixReporter } from "./test/adapters/matrix.ts";

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

// Tests run on the sources, so that `npm run check` never needs a build.
// What must be tested as it is published (the CLI, the packed tarballs) lives in test/ and says so.
const alias = [
  { find: /^@galleta\/session$/, replacement: source("session/src/index.ts") },
  { find: /^@galleta\/session\/formats\/(.*)$/, replacement: source("session/src/formats/$1.ts") },
  { find: /^@galleta\/session\/client$/, replacement: source("session/src/client/index.ts") },
  { find: /^@galleta\/session\/internals$/, replacement: source("session/src/internals.ts") },
  {
    find: /^@galleta\/session\/live-sockets$/,
    replacement: source("session/src/live-sockets.ts"),
  },
  {
    find: /^@galleta\/session\/device-bound$/,
    replacement: source("session/src/device-bound.ts"),
  },
  {
    find: /^@galleta\/session\/(redis|postgres|sqlite|deno-kv|cloudflare|testing)$/,
    replacement: source("session/src/$1.ts"),
  },
  { find: /^@galleta\/session\/adapter$/, replacement: source("session/src/adapter.ts") },
  { find: /^@galleta\/session\/(.*)$/, replacement: source("session/src/adapters/$1.ts") },
  { find: /^@galleta\/inspect$/, replacement: source("inspect/src/index.ts") },
  { find: /^@galleta\/inspect\/(.*)$/, replacement: source("inspect/src/$1.ts") },
  { find: /^galleta$/, replacement: source("galleta/src/index.ts") },
  { find: /^galleta\/h3$/, replacement: source("galleta/src/h3.ts") },
  { find: /^galleta\/testing$/, replacement: source("galleta/src/testing/index.ts") },
  // In node_modules it is a link to the repository. A copy, such as the sandbox of the mutation test,
  // would test the code of the original.
  {
    find: /^@galleta\/test-support\/(.*)$/,
    replacement: source("../test/support/$1.ts"),
  },
];

export default defineConfig({
  test: {
    reporters: [new MatrixReporter(), "default"],
    // Many tests wait for servers, browsers and databases: a worker for each core is not too much.
    maxWorkers: "100%",
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          environment: "node",
          setupFiles: ["test/support/seed.ts"],
          // Most of the time went into a fresh process for each file. No unit test leaves anything
          // behind that another could stumble over.
          pool: "threads",
          isolate: false,
          // Property tests take a second each, and twenty on a machine that is busy otherwise.
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "whole",
          include: ["test/**/*.test.ts"],
          environment: "node",
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
