import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CliBench, SECRET_KEY } from "./support/cli.ts";

let bench: CliBench;
beforeAll(() => {
  bench = new CliBench();
});
afterEach(() => bench.killAll());
afterAll(() => bench.end());

const APP = `
import { App, configure } from "galleta";
export const app = new App();
configure(app, { SESSIONS: true });
app.route("/", (req, res) => {
  req.session.visits = ((req.session as { visits?: number }).visits ?? 0) + 1;
  res.json = { name: "APP", extra: process.env.EXTRA ?? null };
});
`;
const env = { SECRET_KEY };

/** Runs to the end. A failure is one line on standard error, and nothing else. */
async function failure(args: readonly string[], more: Record<string, string> = {}) {
  const run = bench.run(args, { env: { ...env, ...more } });
  const { code, signal } = await run.ended;
  expect({ code, signal, stdout: run.stdout }).toEqual({ code: 1, signal: null, stdout: "" });
  expect(run.stderr).not.toContain(SECRET_KEY);
  expect(run.stderr).toMatch(/^galleta: [^\n]+\n$/);
  return run.stderr.slice("galleta: ".length, -1);
}

async function read(url: string): Promise<unknown> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("set-cookie")).toMatch(/^session=/);
  return await response.json();
}

describe("galleta", () => {
  it("prints a key, its version and its help", async () => {
    const secret = bench.run(["secret"]);
    expect(await secret.ended).toEqual({ code: 0, signal: null });
    expect(secret.stdout).toMatch(/^[\w-]{43}\n$/);
    expect(secret.stderr).toBe("");
    const version = bench.run(["--version"]);
    await version.ended;
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = bench.run(["serve", "--help"]);
    expect(await help.ended).toEqual({ code: 0, signal: null });
    expect(help.stdout).toContain("Usage: galleta serve <file>[:export] [options]");
    expect(await failure(["secrte"])).toBe("There is no command secrte. Did you mean secret?");
  });
});

/** Node itself strips types, and does no more. */
const isNative = "typescript" in process.features && process.features.typescript === "strip";

describe("galleta serve loads", () => {
  it.each([
    ["TypeScript, the default export", "default.ts", `${APP}export default app;`, ""],
    ["TypeScript, an export called app", "app.ts", APP, ""],
    ["the export that was named", "named.mts", `${APP}export { app as admin };`, ":admin"],
    [
      "what only a compiler can read, imported without an ending",
      "enum.ts",
      `enum Kind { One }\nimport { name } from "./settings";${APP}name satisfies string; Kind.One;`,
      "",
    ],
    [
      "JavaScript without any hook",
      "plain.mjs",
      APP.replace("(req.session as { visits?: number })", "req.session"),
      "",
    ],
  ])("%s", async (what, name, text, suffix) => {
    if (isNative && what.startsWith("what only")) return;
    bench.file("settings.ts", 'export const name: string = "settings";');
    const { url } = await bench.serve([bench.file(name, text) + suffix], { env });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await read(url)).toMatchObject({ name: "APP" });
  });

  it.each(["commonjs", undefined])("TypeScript below a package.json of type %s", async (type) => {
    bench.file(`typed-${type}/package.json`, JSON.stringify({ type }));
    const { url } = await bench.serve([bench.file(`typed-${type}/app.ts`, APP)], { env });
    expect(await read(url)).toMatchObject({ name: "APP" });
  });

  it.skipIf(isNative)("the paths of the tsconfig.json that is nearest to the app", async () => {
    const paths = { "#deep": ["./deep/place.ts"] };
    bench.file("paths/tsconfig.json", JSON.stringify({ compilerOptions: { paths } }));
    bench.file("paths/deep/place.ts", 'export const place = "deep";');
    const file = bench.file("paths/app.ts", `import { place } from "#deep";\n${APP}place.at(0);`);
    const { url } = await bench.serve([file], { env });
    expect(await read(url)).toMatchObject({ name: "APP" });
  });
});

describe("galleta serve listens", () => {
  it("at the address from the environment and its files", async () => {
    const file = bench.file("app.ts", APP);
    bench.file("one.env", `EXTRA="from the file"\nSECRET_KEY=overridden\nHOST=::1\nPORT=1\n`);
    const run = bench.run(["serve", file, "--env-file", "one.env"], {
      env: { ...env, PORT: "0", HOST: "127.0.0.1" },
    });
    expect(await read(await run.listening())).toEqual({ name: "APP", extra: "from the file" });
    // The key of the environment won. The one in the file is weak, and would cause a warning.
    expect(run.stderr).toBe("");
  });

  it("on an IPv6 address, written as in a URL", async () => {
    const { url } = await bench.serve([bench.file("app.ts", APP), "--host", "::1"], { env });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await read(url)).toMatchObject({ name: "APP" });
  });

  it("with a warning for a weak key, which throws in production", async () => {
    const file = bench.file("app.ts", APP);
    const weak = await bench.serve([file], { env: { SECRET_KEY: "hunter2" } });
    expect(weak.stderr).toMatch(/SECRET_KEY|secretKey|key/);
    expect(weak.output).not.toContain("hunter2");
    const line = await failure(["serve", file], { SECRET_KEY: "hunter2", NODE_ENV: "production" });
    expect(line).not.toContain("hunter2");
    expect(line).toMatch(/weak|32/);
  });
});

describe("galleta serve says in one line", () => {
  const cases: [what: string, text: string, line: RegExp][] = [
    [
      "an app that was not configured",
      `import { App } from "galleta"; export default new App();`,
      /configure/,
    ],
    [
      "an export that is not an App",
      "export default { fetch() {} };",
      /is not an App: it must be made with new App\(\)/,
    ],
    [
      "no export at all",
      "export const other = 1, more = 2;",
      /exports no app.*It exports: more, other\./,
    ],
    [
      "a syntax error in TypeScript",
      "export const a: number = ;",
      /^bad\.ts:1: (?:Unexpected ";"|Expression expected)\.$/,
    ],
    [
      "an import that leads nowhere",
      `import "./nowhere.ts";`,
      /^Cannot find module '.*nowhere\.ts' imported from .*bad\.ts$/,
    ],
    [
      "a package that is not there",
      `import "no-such-package";`,
      /Cannot find package 'no-such-package'/,
    ],
    [
      "an export that a module does not have",
      `import { Appp } from "galleta";\nexport default new Appp();`,
      /^bad\.ts:1: .*does not provide an export named 'Appp'/,
    ],
    [
      "an error that the app throws, with its place",
      `const app: { a?: { b: number } } = {};\n\nexport default app.a!.b;`,
      /^bad\.ts:3: TypeError: Cannot read properties of undefined .*DEBUG=galleta/,
    ],
    [
      "a variable that is missing",
      `import { Config } from "galleta";\nnew Config(".env").get("DATABASE_URL");`,
      /^DATABASE_URL is missing: set it in the environment or in \.env\. See https:\/\/\S+$/,
    ],
    [
      "a value that fits no cast, without the value",
      `import { Config } from "galleta";\nnew Config().get("SECRET_KEY", { cast: Number });`,
      /^SECRET_KEY must be a number\. See https:\/\/\S+$/,
    ],
    [
      "JSON that cannot be read, without the text",
      `JSON.parse(process.env.SECRET_KEY!);`,
      /^bad\.ts:1: SyntaxError: A text is not valid JSON \(DEBUG=galleta shows the stack\)$/,
    ],
    [
      "a startup listener that failed",
      `${APP}app.on("startup", () => { throw new Error("no database"); });`,
      /^bad\.ts:\d+: Error: no database/,
    ],
  ];
  it.each(cases)("%s", async (_what, text, line) => {
    bench.file("bad.ts", text);
    expect(await failure(["serve", "bad.ts", "--port", "0"])).toMatch(line);
  });

  it("a syntax error in JavaScript, also in a file that the app imports", async () => {
    bench.file("deep/bad.js", "export const a = 1;\nexport const b = ;\n");
    bench.file("imports.js", 'import "./deep/bad.js";');
    expect(await failure(["serve", "imports.js"])).toBe("deep/bad.js:2: Unexpected token ';'.");
  });

  it("import in a CommonJS file, after Node's own advice", async () => {
    bench.file("typed/package.json", '{ "type": "commonjs" }');
    bench.file("typed/app.js", 'import "galleta";');
    const run = bench.run(["serve", "typed/app.js"], { env });
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr.trim().split("\n").at(-1)).toBe(
      "galleta: typed/app.js:1: Cannot use import statement outside a module.",
    );
  });

  it("a file, a folder or an export that is wrong", async () => {
    bench.file("app.ts", APP);
    expect(await failure(["serve", "none.ts"])).toBe("There is no file none.ts.");
    expect(await failure(["serve", "none.ts:app"])).toBe("There is no file none.ts.");
    expect(await failure(["serve", bench.folder])).toContain("is a folder");
    expect(await failure(["serve", "app.ts:admin"])).toBe(
      'app.ts has no export "admin". It exports: app.',
    );
    expect(await failure(["serve", bench.file("old.cts", "")])).toContain("Name it .ts or .mts.");
  });

  it("a port in use, and an address of another machine", async () => {
    const file = bench.file("app.ts", APP);
    const taken: Server = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    try {
      expect(await failure(["serve", file, "--port", String(port)])).toBe(
        `Port ${port} is in use on 127.0.0.1. Stop the program that uses it, or choose another port with --port.`,
      );
    } finally {
      taken.close();
    }
    expect(await failure(["serve", file, "--host", "192.0.2.1", "--port", "0"])).toBe(
      "192.0.2.1 is not an address of this machine. Choose one with --host.",
    );
  });

  it("a missing or empty key", async () => {
    const file = bench.file("app.ts", APP);
    for (const key of [{}, { SECRET_KEY: "" }]) {
      const run = bench.run(["serve", file], { env: key });
      expect(await run.ended).toEqual({ code: 1, signal: null });
      expect(run.stderr).toMatch(/^galleta: [^\n]*SECRET_KEY[^\n]*\n$/);
    }
  });

  it("a mistyped option, without the text after it", async () => {
    expect(await failure(["serve", "a.ts", "--secret", SECRET_KEY])).toBe(
      "There is no option --secret. --help lists them.",
    );
    expect(await failure(["serve", "a.ts", `--prot=${SECRET_KEY}`])).toContain("--port?");
    expect(await failure([`--key=${SECRET_KEY}`])).toContain("There is no option --key.");
  });

  it("and shows the stack if DEBUG asks for it, still without a secret", async () => {
    bench.file("bad.ts", `throw new Error("at the top");`);
    const run = bench.run(["serve", "bad.ts"], { env: { ...env, DEBUG: "galleta" } });
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr).toMatch(/^galleta: bad\.ts:1: Error: at the top/);
    expect(run.stderr).toMatch(/\n {4}at .*bad\.ts:1/);
    expect(run.stderr).not.toContain(SECRET_KEY);
  });
});
