import { spawn } from "node:child_process";
import { request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BIN, CliBench, SECRET_KEY } from "./support/cli.ts";
import { available, command } from "./support/require.ts";

// `galleta inspect` and `galleta mint` as installed programs: tests that need a separate process.

let bench: CliBench;
beforeAll(() => {
  bench = new CliBench();
});
afterEach(() => bench.killAll());
afterAll(() => bench.end());

const env = { SECRET_KEY };
const APP = `
import { App, configure } from "galleta";
const app = new App();
configure(app, { SESSIONS: true });
app.route("/", (req, res) => {
  req.session.visits = (req.session.visits ?? 0) + 1;
  res.json = req.session;
});
export default app;
`;

async function mint(...args: string[]): Promise<string> {
  const run = bench.run(["mint", ...args], { env });
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stderr).toBe("");
  return run.stdout.trim();
}

/** Runs a program with input, in which `\r\n` ends a line. */
async function pipe(file: string, args: readonly string[], input: string, more = {}) {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(file, args, { env: { PATH, HOME, ...env, ...more } });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  // It may stop reading before all is written.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out: out.replaceAll("\r\n", "\n") };
}
const inspect = (input: string, ...flags: string[]) =>
  pipe(process.execPath, [BIN, "inspect", ...flags], input);

const TWO = `
import { App, configure } from "galleta";
const app = new App();
const { SECRET_KEY, PREFS_KEY } = process.env;
configure(app, { SESSIONS: [{ secretKey: SECRET_KEY }, { property: "prefs", secretKey: PREFS_KEY }] });
app.route("/", (req, res) => (res.json = [{ ...req.session }, { ...req.prefs }]));
app.route("/set", (req) => { req.session.visits = 1; req.prefs.theme = "dark"; });
export default app;
`;

describe("SESSIONS as a list", () => {
  const both = { ...env, PREFS_KEY: "another key, of the preferences, long enough" };
  const keys = ["--secret-env", "SECRET_KEY", "--secret-env", "PREFS_KEY"];

  it("mint makes a cookie of each by its name, inspect verifies each with its key", async () => {
    const { url } = await bench.serve([bench.file("two.mjs", TWO)], { env: both });
    const minted = bench.run(
      ["mint", "--data", '{"theme":"light"}', "--name", "prefs", "--secret-env", "PREFS_KEY"],
      { env: both },
    );
    expect(await minted.ended).toEqual({ code: 0, signal: null });
    const cookie = `${await mint("--data", '{"visits":41}')}; ${minted.stdout.trim()}`;
    expect(await (await fetch(url, { headers: { cookie } })).json()).toEqual([
      { visits: 41 },
      { theme: "light" },
    ]);
    const set = await fetch(new URL("/set", url));
    const lines = set.headers.getSetCookie().map((each) => `Set-Cookie: ${each}\r\n`);
    const args = [BIN, "inspect", "--json", ...keys];
    const { code, out } = await pipe(process.execPath, args, lines.join(""), both);
    expect(code).toBe(0);
    const { cookies } = JSON.parse(out) as {
      cookies: { name: string; status: string; verifiedWith: { name: string } }[];
    };
    expect(
      cookies.map(({ name, status, verifiedWith }) => [name, status, verifiedWith.name]).toSorted(),
    ).toEqual([
      ["prefs", "valid", "PREFS_KEY"],
      ["session", "valid", "SECRET_KEY"],
    ]);
  });
});

describe("galleta mint", () => {
  it("makes a session that an app accepts", async () => {
    const file = bench.file("app.mjs", APP);
    const { url } = await bench.serve([file], { env });
    const cookie = await mint("--data", '{"visits":41}');
    const response = await fetch(url, { headers: { cookie } });
    expect(await response.json()).toEqual({ visits: 42 });
  });
});

describe("galleta serve", () => {
  it("tells where the session inspector is, if this server has one", async () => {
    const run = await bench.serve([bench.file("app.mjs", APP)], { env });
    const [, address = ""] = await run.until("stdout", /^Session inspector: (\S+)$/);
    expect(new URL(address).origin).toBe(new URL(run.url).origin);
    const page = await fetch(address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("inspector");
  });

  it.each([
    ["NODE_ENV is production", [], { ...env, NODE_ENV: "production" }],
    ["others may reach it", ["--host", "0.0.0.0"], env],
  ])("does not mention it if %s", async (_why, flags, variables) => {
    const run = await bench.serve([bench.file("app.mjs", APP), ...flags], { env: variables });
    await fetch(run.url.replace("0.0.0.0", "127.0.0.1"));
    run.child.kill("SIGTERM");
    await run.ended;
    expect(run.stdout).toMatch(/^Listening on \S+\n$/);
  });
});

describe("galleta inspect", () => {
  it("reads the output of curl", async () => {
    const { url } = await bench.serve([bench.file("app.mjs", APP)], { env });
    const headers = await new Promise<string>((resolve, reject) => {
      const sent = request(url, (response) => {
        response.resume();
        const lines: string[] = [];
        for (let i = 0; i < response.rawHeaders.length; i += 2) {
          lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
        }
        resolve(`HTTP/1.1 200 OK\r\n${lines.join("\r\n")}\r\n\r\n`);
      });
      sent.on("error", reject).end();
    });
    const { code, out } = await inspect(headers, "--secret-env", "SECRET_KEY");
    expect(code).toBe(0);
    expect(out).toContain("valid: verified with SECRET_KEY from the environment");
    expect(out).toContain('{"visits":1}');
    expect(out).toContain("Path=/; HttpOnly; SameSite=Lax");
  });
  it("ends with 1 if there is nothing to read, or far too much", async () => {
    expect(await inspect("")).toEqual({
      code: 1,
      out: "galleta: The text does not contain a cookie.\n",
    });
    expect(await inspect("x".repeat(1_000_000))).toEqual({
      code: 1,
      out: "galleta: The text has more than 65536 characters.\n",
    });
  });
});

describe.runIf(available(command("script", "bsdutils")))("on a terminal", () => {
  /** Runs on its own terminal. */
  const onTerminal = (cookie: string, more: Record<string, string>) =>
    pipe("script", ["-qec", `"${process.execPath}" "${BIN}" inspect ${cookie}`, "/dev/null"], "", {
      TERM: "xterm",
      ...more,
    });

  it("has colours, unless NO_COLOR forbids", async () => {
    const cookie = await mint("--data", '{"a":"\\u001b[31mred"}');
    const coloured = await onTerminal(cookie, {});
    expect(coloured.code).toBe(0);
    expect(coloured.out).toContain("\u001b[33mnot verified");
    // Escape sequences in the cookie have no effect.
    expect(coloured.out).not.toContain("\u001b[31m");
    expect(coloured.out).toContain("\\u001b[31mred");
    const plain = await onTerminal(cookie, { NO_COLOR: "1" });
    expect(plain.out).toContain("not verified");
    expect(plain.out).not.toContain("\u001b[");
  });
  it("asks for a cookie instead of waiting for one", async () => {
    const { code, out } = await onTerminal("", {});
    expect(code).toBe(1);
    expect(out).toContain("galleta: Pass a cookie, or pipe one in");
  });
});
