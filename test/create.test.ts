import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, Jar } from "./adapters/wire.ts";
import { pack, ROOT } from "./packaging/project.ts";
import { endsWithTest } from "./support/child.ts";

// `npm create galleta`, from the packed tarballs (`npm run build` comes before).
const run = promisify(execFile);
const NAMES = ["@galleta/session", "@galleta/inspect", "galleta", "create-galleta"] as const;
const INSTALL = "install --prefer-offline --no-audit --no-fund --silent".split(" ");
const TEMPLATES = ["galleta", "express", "hono", "fastify", "next"];

describe("npm create galleta", { timeout: 600_000 }, () => {
  let home: string;
  const tarballs: Record<string, string> = {};
  const projects = new Map<string, Promise<string>>();

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "galleta-create-"));
    for (const name of NAMES) tarballs[name] = await pack(name);
    writeFileSync(join(home, "package.json"), '{ "private": true }');
    await run("npm", [...INSTALL, tarballs["create-galleta"] ?? ""], { cwd: home });
    // One project is installed while the one before is tested.
    let installed: Promise<unknown> = Promise.resolve();
    for (const name of TEMPLATES) {
      const made = installed.then(() => make(name));
      projects.set(name, made);
      installed = made.catch(() => undefined);
    }
  }, 120_000);
  afterAll(() => {
    for (const path of [home, ...Object.values(tarballs).map(dirname)])
      rmSync(path, { recursive: true, force: true });
  }, 300_000);

  /** Runs the program without a terminal. @returns its exit code and what it printed */
  async function create(...args: string[]) {
    const bin = join(home, "node_modules/.bin/create-galleta");
    const done = run(bin, args, { cwd: home });
    done.child.stdin?.end();
    const { stdout, stderr, code } = await done.then(
      (output) => ({ ...output, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
    return { stdout, stderr, code };
  }

  /** Puts the tarballs where the registry's packages would be, and installs. */
  async function install(folder: string): Promise<void> {
    const path = join(folder, "package.json");
    const manifest = JSON.parse(readFileSync(path, "utf8")) as { dependencies: object };
    const ours = Object.entries(tarballs).filter(([name]) => name in manifest.dependencies);
    const others = Object.entries(tarballs).filter(([name]) => !(name in manifest.dependencies));
    const dependencies = { ...manifest.dependencies, ...Object.fromEntries(ours) };
    const overrides = Object.fromEntries(others);
    writeFileSync(path, JSON.stringify({ ...manifest, dependencies, overrides }));
    await run("npm", INSTALL, { cwd: folder, timeout: 240_000 });
  }

  /** Makes a project. @returns its folder */
  async function make(name: string): Promise<string> {
    const created = await create(`on-${name}`, "--template", name, "--no-install");
    expect(created.stderr).toBe("");
    const folder = join(home, `on-${name}`);
    await install(folder);
    return folder;
  }

  it.each(TEMPLATES)("makes a project on %s that starts, logs in, and is tested", async (name) => {
    const folder = (await projects.get(name)) ?? "";
    expect(readFileSync(join(folder, ".gitignore"), "utf8").split("\n")).toContain(".env");
    expect(statSync(join(folder, ".env")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, ".env"), "utf8")).toMatch(/^SECRET_KEY=[\w-]{43}\n$/);
    await run("npm", ["test"], { cwd: folder, env: environment() });
    if (name !== "next") await run("npm", ["run", "types"], { cwd: folder });
    const app = await start(folder, name);
    try {
      await logIn(app.origin);
    } finally {
      await app.stop();
    }
  });

  it("gives each project its own key", async () => {
    await create("one", "--no-install");
    await create("two", "--no-install");
    const [one, two] = ["one", "two"].map((name) => readFileSync(join(home, name, ".env"), "utf8"));
    expect(one).not.toBe(two);
  });

  it.each([
    ["ERR_CREATE_FOLDER", "a folder with files", ["full"]],
    ["ERR_CREATE_FOLDER", "a file", ["full/file"]],
    ["ERR_CREATE_FOLDER", "no folder", []],
    ["ERR_CREATE_NAME", "a name that npm rejects", ["No Name"]],
    ["ERR_CREATE_TEMPLATE", "an unknown template", ["new", "--template", "rails"]],
    ["ERR_CREATE_OPTION", "an unknown option", ["new", "--fast"]],
    ["ERR_CREATE_OPTION", "two folders", ["new", "newer"]],
  ])("is %s for %s, and writes nothing", async (code, _what, args) => {
    mkdirSync(join(home, "full"), { recursive: true });
    writeFileSync(join(home, "full/file"), "mine");
    const { stderr, code: status } = await create(...args);
    expect(status).toBe(1);
    expect(stderr).toContain(`https://galleta.js.org/start-a-project#${code.toLowerCase()}\n`);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(readFileSync(join(home, "full/file"), "utf8")).toBe("mine");
    expect(() => statSync(join(home, "new"))).toThrow();
  });

  it("has a section for each of its codes in the docs", () => {
    const page = readFileSync(join(ROOT, "docs/start-a-project.md"), "utf8");
    const source = readFileSync(join(ROOT, "packages/create-galleta/src/errors.ts"), "utf8");
    const codes = source.match(/ERR_CREATE_[A-Z]+/g) ?? [];
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => !page.includes(`### ${code}\n`))).toEqual([]);
  });
});

/** Without what vitest adds. The key is in .env. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, NODE_ENV: "development", NEXT_TELEMETRY_DISABLED: "1" };
}

/** Starts a project as its README says, on a free port. */
async function start(folder: string, name: string) {
  const port = name === "galleta" || name === "next" ? ["--", "--port", "0"] : [];
  const script = name === "galleta" ? "start" : "dev";
  const child = endsWithTest(
    spawn("npm", ["run", script, ...port], {
      cwd: folder,
      env: { ...environment(), PORT: "0" },
      detached: true,
    }),
    true,
  );
  let said = "";
  const origin = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: unknown) => {
      said += String(chunk);
      const [, url] = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+)/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(`It ended: ${said}`)));
  });
  return {
    origin,
    async stop() {
      const ended = once(child, "exit");
      // The group: `npm run` and `tsx watch` have children of their own.
      process.kill(-(child.pid as number), "SIGKILL");
      await ended;
    },
  };
}

async function logIn(origin: string): Promise<void> {
  const jar = new Jar();
  const page = () => ask(origin, "/", { jar });
  expect((await page()).body).toContain("Log in");
  const headers = { origin, "content-type": "application/x-www-form-urlencoded" };
  const login = await ask(origin, "/login", { jar, method: "POST", headers, body: "user=Ada" });
  expect(login.status).toBe(303);
  expect((await page()).body).toContain("<strong>Ada</strong>");
  await ask(origin, "/logout", { jar, method: "POST", headers });
  expect((await page()).body).toContain("Log in");
}
