import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { CliBench, ROOT, SECRET_KEY } from "./support/cli.ts";

// The packages as they are published, in a separate project. The app must import the same modules
// that the command runs on, or the command would not recognise an App.

let bench: CliBench;
let project: string;

/** Unpacks what `npm pack` makes of a package. */
function install(packageName: string, folder: string): void {
  const tarballs = mkdtempSync(join(project, "tarball-"));
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", tarballs];
  execFileSync("npm", [...args, "--workspace", packageName], { cwd: ROOT, stdio: "ignore" });
  mkdirSync(folder, { recursive: true });
  const tarball = join(tarballs, readdirSync(tarballs)[0] ?? "none");
  execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"]);
}

beforeAll(() => {
  bench = new CliBench();
  project = mkdtempSync(join(tmpdir(), "galleta-project-"));
  install("galleta", join(project, "node_modules/galleta"));
  install("@galleta/session", join(project, "node_modules/@galleta/session"));
  install("@galleta/inspect", join(project, "node_modules/@galleta/inspect"));
  // Its dependencies come from the repository instead of the registry, but only those that its
  // package.json names.
  const manifest = readFileSync(join(project, "node_modules/galleta/package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    expect(["tsx", "esbuild", "chokidar"]).not.toContain(name);
    const link = join(project, "node_modules", name);
    if (!existsSync(link)) symlinkSync(join(ROOT, "node_modules", name), link);
  }
});
afterEach(() => bench.killAll());
afterAll(async () => {
  await bench.end();
  rmSync(project, { recursive: true, force: true });
});

const isNative = "typescript" in process.features && process.features.typescript === "strip";

it("an app in TypeScript runs, or the command says which package is missing", async () => {
  const app = 'import { App, configure } from "galleta";\nconst app: App = new App();\n';
  writeFileSync(join(project, "typed.ts"), `${app}configure(app);\nexport default app;\n`);
  const bin = join(project, "node_modules/galleta/bin/galleta.js");
  const run = bench.run(["serve", "typed.ts", "--port", "0"], { bin, cwd: project });
  if (isNative) return void (await run.listening());
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr).toMatch(
    /^galleta: typed\.ts: Node \S+ does not read TypeScript.*npm i -D tsx\./,
  );
});

const APP = `
import { App, configure, describe } from "galleta";
import { Secret, describe as describeOfSession } from "@galleta/session";
const app = new App();
configure(app, { SESSIONS: { secretKey: new Secret(process.env.SECRET_KEY!) } });
app.route("/", (req, res) => {
  req.session.seen = true;
  // Both look into WeakMaps of the engine: there must be one of it.
  res.json = describe(req.session).id === describeOfSession(req.session).id;
});
export default app;
`;

it("an app in a project finds the same modules as the command", async () => {
  writeFileSync(join(project, "package.json"), '{ "type": "commonjs" }');
  symlinkSync(join(ROOT, "node_modules/tsx"), join(project, "node_modules/tsx"));
  writeFileSync(join(project, "app.ts"), APP);
  const bin = join(project, "node_modules/galleta/bin/galleta.js");
  for (const more of [[], ["--workers", "1"], ["--watch"]]) {
    const run = await bench.serve(["app.ts", ...more], { bin, cwd: project, env: { SECRET_KEY } });
    expect(await (await fetch(run.url)).json()).toBe(true);
    run.child.kill("SIGTERM");
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stderr).toBe("");
  }
});

it("an app of another copy of galleta is reported", async () => {
  const run = bench.run(["serve", join(project, "app.ts")], { env: { SECRET_KEY } });
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr).toMatch(
    /^galleta: .* is an App of another copy of galleta\..*npx galleta\.\n$/,
  );
});
