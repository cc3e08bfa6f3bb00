// Bundles @galleta/session after `tsc` wrote its declarations: ES modules into dist/, CommonJS into
// dist/cjs/.
//
// The keys of `exports` in its package.json are the only list of entries. This script writes their
// values, and `--check` fails if they differ.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { placeSources, writeBundles } from "./bundle.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../packages/session");
const dist = join(root, "dist");
const manifestPath = join(root, "package.json");
const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));

/**
 * The entries by their name in dist. The source of "./express" is the first of these files that
 * exists.
 */
const entries = new Map(
  Object.keys(manifest.exports)
    .filter((key) => key !== "./package.json")
    .map((key) => {
      const name = key === "." ? "index" : key.slice(2);
      const source = [`src/${name}.ts`, `src/${name}/index.ts`, `src/adapters/${name}.ts`].find(
        (path) => existsSync(join(root, path)),
      );
      if (source === undefined)
        throw new Error(`package.json exports ${key}, which has no source.`);
      return [name, join(root, source)];
    }),
);

/**
 * In CommonJS these entries export a function, like the packages that they replace, and their types
 * as its members.
 */
const IS_FUNCTION = new Map([
  ["express-session", ["CookieView", "SessionMiddleware"]],
  ["cookie-session", ["OptionsOfSession", "SessionMiddleware"]],
  ["koa-session", ["KoaMiddleware<Data>"]],
  ["fastify-secure-session", ["SessionPlugin"]],
  ["fastify-session", ["CookieView", "SessionPlugin"]],
]);

/** Adapters import these files with the first socket, so they are never part of an entry. */
const SOCKETS = "adapters/kit/sockets/";

/** Code that the entries of one framework share. It may import sockets, so it is not in "core". */
const FRAMEWORK = /^adapters\/kit\/(fastify|koa)-/;

/** The shared files of folders and sources; others are in "core". */
const SHARED = {
  live: "live",
  // It has only what a handshake says, and needs nothing else.
  "live/socket.ts": "core",
  "timer.ts": "live",
  "sessions.ts": "live",
  store: "live",
  formats: "formats",
};

/** Returns the shared file for a source that several entries need. */
function sharedBy(source) {
  const [folder] = source.split("/");
  if (source.startsWith(SOCKETS)) return "sockets";
  const framework = FRAMEWORK.exec(source)?.[1];
  if (framework !== undefined) return framework;
  return SHARED[source] ?? SHARED[folder] ?? "core";
}

const bundles = {
  root,
  entries,
  sharedBy,
  isLate: (source) => source.startsWith(SOCKETS),
  // Modules that a framework's own bundler resolves. They exist wherever the entry is used.
  externals: ["next/headers.js"],
};

// ---- package.json

const types = (source) => relative(join(root, "src"), source).replace(/\.ts$/, ".d.ts");

function exportsOf() {
  const list = [...entries].map(([name, source]) => {
    const esm = { types: `./dist/types/${types(source)}`, default: `./dist/${name}.js` };
    const cjs = { types: cjsTypes(name, source), default: `./dist/cjs/${name}.js` };
    // Node versions that can `require` an ES module use "module-sync" for `import` and `require`,
    // so that a process has one copy.
    return [
      name === "index" ? "." : `./${name}`,
      { "module-sync": esm, require: cjs, default: esm },
    ];
  });
  return { ...Object.fromEntries(list), "./package.json": "./package.json" };
}

function cjsTypes(name, source) {
  return IS_FUNCTION.has(name) ? `./dist/cjs/${name}.d.ts` : `./dist/cjs/types/${types(source)}`;
}

function updateManifest() {
  const next = structuredClone(manifest);
  next.exports = exportsOf();
  next.main = "./dist/cjs/index.js";
  next.types = cjsTypes("index", entries.get("index"));
  // For TypeScript's "node10", which ignores `exports`.
  const older = [...entries].filter(([name]) => name !== "index");
  next.typesVersions = {
    "*": Object.fromEntries(older.map(([name, source]) => [name, [cjsTypes(name, source)]])),
  };
  const text = JSON.stringify(next, null, 2);
  if (text === JSON.stringify(manifest, null, 2)) return;
  if (process.argv.includes("--check")) {
    console.error("packages/session/package.json: run `npm run build` to write its exports again.");
    process.exit(1);
  }
  writeFileSync(manifestPath, text);
  spawnSync("npx", ["oxfmt", manifestPath], { stdio: "ignore" });
}

/** These adapters are for sockets, so they may load their code at once. */
const FOR_SOCKETS = new Set(["crossws", "ws", "socket.io"]);

/** An adapter loads the code of stores and sockets when it needs it, and "core" never. */
function checkImports(name, file) {
  const isAdapter = entries.get(name)?.includes("/src/adapters/") && !FOR_SOCKETS.has(name);
  if (name !== "shared/core" && !isAdapter) return;
  const forbidden = isAdapter
    ? /from "(\.\/shared\/(?:live|sockets)[^"]*)"/
    : /(?:from |require\()"(\.[^"]*)"/;
  const [, other] = forbidden.exec(readFileSync(file, "utf8")) ?? [];
  if (other === undefined) return;
  console.error(`${file} imports ${other}. Name the source that needs it in SHARED.`);
  process.exit(1);
}

function footerOf(name, format) {
  if (!IS_FUNCTION.has(name)) return {};
  if (format === "esm") {
    return {
      footer: { js: 'session.default = session;\nexport { session as "module.exports" };' },
    };
  }
  return {
    footer: {
      js: "module.exports = Object.assign(module.exports.default, { default: module.exports.default, __esModule: true });",
    },
  };
}

/**
 * Makes each entry's declarations load those of the root. An app's
 * `declare module "@galleta/session"` extends only a loaded module; otherwise it is error TS2664 in
 * an app that imports only an adapter.
 */
function loadRootTypes() {
  const rootTypes = entries.get("index");
  for (const source of entries.values()) {
    const file = join(dist, "types", types(source));
    const to = relative(dirname(source), rootTypes).replace(/\.ts$/, ".js");
    const line = `import type {} from "${to.startsWith(".") ? to : `./${to}`}";\n`;
    const text = readFileSync(file, "utf8");
    if (source !== rootTypes && !text.includes(line)) writeFileSync(file, text + line);
  }
}

/** Copies the declarations that are a script: tsc copies none, and drops references to them. */
function copyScript() {
  const name = "express-request.d.ts";
  const [from, to] = [join(root, "src"), join(dist, "types")].map((at) => join(at, "adapters/kit"));
  cpSync(join(from, name), join(to, name));
  const module = join(to, "middleware.d.ts");
  const line = `/// <reference path="./${name}" />\n`;
  const before = readFileSync(module, "utf8");
  if (!before.startsWith(line)) writeFileSync(module, line + before);
}

/**
 * Copies the declarations into a folder of CommonJS, because the folder decides how TypeScript
 * reads them.
 */
function writeCommonJsTypes() {
  const folder = join(dist, "cjs");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  cpSync(join(dist, "types"), join(folder, "types"), {
    recursive: true,
    filter: (path) => !path.endsWith(".tsbuildinfo"),
  });
  for (const [name, members] of IS_FUNCTION) {
    const from = `./types/${types(entries.get(name)).replace(/\.d\.ts$/, ".js")}`;
    const text = [
      `import original, * as all from "${from}";`,
      "declare const session: typeof original & { readonly default: typeof original };",
      "declare namespace session {",
      ...members.map((type) => `  type ${type} = all.${type};`),
      "}",
      "export = session;",
    ];
    writeFileSync(join(folder, `${name}.d.ts`), `${text.join("\n")}\n`);
  }
}

updateManifest();
if (!process.argv.includes("--check")) {
  const places = await placeSources(bundles);
  for (const [format, folder] of [
    ["esm", dist],
    ["cjs", join(dist, "cjs")],
  ]) {
    const optionsOf = (name) => ({ format, ...footerOf(name, format) });
    const files = await writeBundles(bundles, places, folder, optionsOf);
    for (const name of files) checkImports(name, join(folder, `${name}.js`));
  }
  loadRootTypes();
  copyScript();
  writeCommonJsTypes();
}
