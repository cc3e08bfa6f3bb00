import { readFile } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { build } from "esbuild";
import fc from "fast-check";

/** A mutant needs few runs of a property. With all of them they were two thirds of the time. */
const assert = (property, parameters) =>
  fc.assert(property, { ...parameters, numRuns: Math.min(parameters?.numRuns ?? 100, 15) });
/** Kept over all mutants, because a text of any characters takes fast-check 200 ms to set up. */
const strings = new Map();
const string = (constraints = {}) => {
  const key = JSON.stringify(constraints);
  if (typeof constraints.unit === "object") return fc.string(constraints);
  if (!strings.has(key)) strings.set(key, fc.string(constraints));
  return strings.get(key);
};
const fewRuns = { ...fc, assert, string, default: { ...fc, assert, string } };

/**
 * Bundles test files with the code that they test. Each call of the result evaluates all modules
 * anew, so that nothing of one mutant stays for the next, and returns what loads a test file.
 */
export async function bundleTests(files, aliases, root) {
  const packages = { "fast-check": fewRuns };
  const given = createRequire(`${root}/`);
  const { outputFiles } = await build({
    stdin: {
      contents: `module.exports = { ${files
        .map((file) => `${JSON.stringify(file)}: () => require(${JSON.stringify(file)})`)
        .join(",\n")} };`,
      resolveDir: root,
    },
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    write: false,
    logLevel: "error",
    plugins: [fileUrls, packagesFrom(packages, aliases, given)],
  });
  const code = `(function (require, module, packages) { "use strict";${outputFiles[0].text}\n})`;
  const script = new Script(code, { filename: `${root}/tests.cjs` });
  return () => {
    const module = { exports: {} };
    script.runInThisContext()(given, module, packages);
    return (file) => module.exports[file]();
  };
}

/** Tests find their files by `import.meta.url`, which CommonJS does not have. */
const fileUrls = {
  name: "file-urls",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const url = JSON.stringify(pathToFileURL(path).href);
      return { loader: "ts", contents: text.replaceAll("import.meta.url", url) };
    });
  },
};

/** Packages stay outside of the bundle: `vitest` has state, and others need not be evaluated anew. */
const packagesFrom = (packages, aliases, given) => ({
  name: "packages",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path }) => {
      if (isBuiltin(path)) return { external: true };
      const alias = aliases.find(({ find }) => find.test(path));
      if (alias) return { path: path.replace(alias.find, alias.replacement) };
      return { path, namespace: "packages" };
    });
    onLoad({ filter: /./, namespace: "packages" }, async ({ path }) => {
      packages[path] ??= await import(pathToFileURL(given.resolve(path)).href).catch(
        () => import(path),
      );
      const names = Object.keys(packages[path]).filter(
        (name) => /^[a-z_$][\w$]*$/i.test(name) && name !== "default",
      );
      const whole = `packages[${JSON.stringify(path)}]`;
      return {
        contents: `export default ${whole}.default; export const { ${names.join(", ")} } = ${whole};`,
      };
    });
  },
});
