// Bundles the framework and its command after `tsc` wrote the declarations. An app then reads 4 files
// of ours when it starts, instead of 41.
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { placeSources, writeBundles } from "./bundle.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../packages/galleta");
const { dependencies, peerDependencies } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

const ENTRIES = [
  "index",
  "h3",
  "testing/index",
  // The command loads each of its parts when it needs it.
  "app",
  "serve",
  ...["child", "cluster", "exit", "hooks", "load-app", "main", "run-server"].map(
    (name) => `cli/${name}`,
  ),
  ...["secret", "serve", "watch"].map((name) => `cli/${name}`),
];

const bundles = {
  root,
  entries: new Map(ENTRIES.map((name) => [name, join(root, `src/${name}.ts`)])),
  sharedBy: (source) => (source.startsWith("cli/") ? "cli" : "framework"),
  externals: Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => [
    name,
    `${name}/*`,
  ]),
};

const places = await placeSources(bundles);
// The code is not minified, so a stack names the right functions. Source maps would take 0.4 of the
// 5 MB that an installation may have.
await writeBundles(bundles, places, join(root, "dist"), () => ({
  format: "esm",
  sourcemap: false,
}));
