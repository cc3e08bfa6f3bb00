// Bundles a package: each entry becomes one file, and code that several entries need goes into files
// with readable names in dist/shared/.
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";

/**
 * A package to bundle.
 *
 * @typedef {object} Bundles
 * @property {string} root the folder of the package
 * @property {Map<string, string>} entries the path of each entry's source, by its name in dist
 * @property {(source: string) => string} sharedBy returns the shared file for a source that several
 *   entries need; a source is a path in `src`
 * @property {(source: string) => boolean} [isLate] true if a source must never be in an entry's file
 * @property {string[]} externals packages to leave out
 */

/** Marks imports of some sources as external. */
function external(find) {
  return {
    name: "external",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
        if (kind === "entry-point") return undefined;
        const to = find(resolve(resolveDir, path));
        return to === undefined ? undefined : { path: to, external: true };
      });
    },
  };
}

/** Finds the sources of each entry, without those in another entry's file. */
async function reach({ root, entries, externals }, source) {
  const others = new Set(entries.values());
  const stop = (path) => others.has(path) && path !== source;
  const result = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    metafile: true,
    absWorkingDir: root,
    platform: "node",
    format: "esm",
    external: externals,
    plugins: [external((path) => (stop(path) ? path : undefined))],
  });
  return Object.keys(result.metafile.inputs).map((path) => join(root, path));
}

/**
 * Finds the file for each source: an entry's name, or "shared/…".
 *
 * @param {Bundles} bundles
 */
export async function placeSources(bundles) {
  const { root, entries, sharedBy, isLate = () => false } = bundles;
  const users = new Map();
  for (const [name, source] of entries) {
    for (const path of await reach(bundles, source)) {
      users.set(path, [...(users.get(path) ?? []), name]);
    }
  }
  const places = new Map();
  for (const [path, names] of users) {
    const source = relative(join(root, "src"), path);
    const isEntry = [...entries.values()].includes(path);
    const isShared = (names.length > 1 || isLate(source)) && !isEntry;
    places.set(path, isShared ? `shared/${sharedBy(source)}` : names[0]);
  }
  return places;
}

/**
 * Writes the files. Returns their names.
 *
 * @param {Bundles} bundles
 * @param {Map<string, string>} places from {@link placeSources}
 * @param {string} folder
 * @param {(name: string) => object} optionsOf returns esbuild's options for a file
 */
export async function writeBundles({ root, entries, externals }, places, folder, optionsOf) {
  const files = new Map(entries);
  for (const place of new Set(places.values())) if (!files.has(place)) files.set(place, undefined);
  for (const [name, source] of files) {
    const from = (path) => {
      const place = places.get(path);
      if (place === undefined || place === name) return undefined;
      checkExported({ root, entries }, path, place, name);
      const to = relative(dirname(name), `${place}.js`);
      return to.startsWith(".") ? to : `./${to}`;
    };
    const parts = [...places].filter(([, place]) => place === name).map(([path]) => path);
    const options = optionsOf(name);
    await build({
      ...(source === undefined
        ? {
            stdin: {
              contents: everythingOf(root, parts),
              resolveDir: root,
              sourcefile: `${name}.js`,
            },
          }
        : { entryPoints: [source] }),
      outfile: join(folder, `${name}.js`),
      bundle: true,
      platform: "node",
      target: "node20.19",
      // The maps are more than half of the package. Debuggers load the ES modules, so CommonJS has
      // none.
      sourcemap: options.format === "esm",
      external: externals,
      logLevel: "warning",
      plugins: [external(from)],
      ...options,
    });
  }
  return [...files.keys()];
}

/** An entry exports its own source only. A file that others need too must be in a shared one. */
function checkExported({ root, entries }, path, place, user) {
  if (!entries.has(place) || entries.get(place) === path) return;
  console.error(
    `${user}.js imports ${relative(root, path)}, which is a part of ${place}.js alone.`,
  );
  process.exit(1);
}

/**
 * Makes a module that exports everything of its parts. If two parts have the same name, esbuild
 * fails.
 */
function everythingOf(root, parts) {
  return parts
    .toSorted()
    .map((path) => `export * from "./${relative(root, path)}";`)
    .join("\n");
}
