import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "./main.ts";

const KEY = "a-very-secret-key-that-no-output-may-hold-0123456789";
const OLD = "an-older-secret-key-that-no-output-may-hold-0123456";

let folder: string;
let envFile: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "galleta-inspect-"));
  envFile = join(folder, ".env");
  writeFileSync(envFile, `SECRET_KEY="${OLD}"\nFILE_KEY=${KEY}\nEMPTY=\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  vi.stubEnv("SECRET_KEY", KEY);
});
afterEach(() => vi.unstubAllEnvs());

async function run(...argv: string[]) {
  let out = "";
  let err = "";
  const code = await main(argv, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  expect(out + err).not.toContain(KEY);
  expect(out + err).not.toContain(OLD);
  return { code, out, err };
}

async function mint(...argv: string[]): Promise<string> {
  const { code, out, err } = await run("mint", ...argv);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^[^\n]+\n$/);
  return out.trim();
}

describe("galleta mint and galleta inspect", () => {
  it.each([
    ["Galleta, signed", []],
    ["Galleta, encrypted", ["--encrypt", "--name", "__Host-session"]],
    ["Starlette, FastAPI or Bocadillo", ["--format", "starlette"]],
    ["Flask", ["--format", "flask"]],
    ["Django (signed_cookies)", ["--format", "django"]],
    ["cookie-session", ["--format", "cookie-session"]],
    ["iron-session", ["--format", "iron-session", "--name", "auth"]],
    ["Ruby on Rails", ["--format", "rails", "--name", "_app_session"]],
  ])("agree on %s", async (title, options) => {
    const cookie = await mint("--data", '{"user":{"name":"alice"}}', ...options);
    const { code, out } = await run("inspect", `Cookie: ${cookie}`, "--secret-env", "SECRET_KEY");
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toContain(title);
    expect(out).toContain("valid: verified with SECRET_KEY from the environment\n");
    expect(out).toMatch(/^ {2}data +\{[^]*"user":[^]*"name": ?"alice"/m);
    const again = await run("inspect", cookie, "--secret-env", "SECRET_KEY", "--env-file", envFile);
    expect(again.code).toBe(0);
    vi.stubEnv("SECRET_KEY", undefined);
    const other = await run("inspect", cookie, "--env-file", envFile);
    expect(other.code).toBe(1);
    expect(other.out).toContain("rejected: ");
  });
});

describe("galleta inspect", () => {
  it("has help that fits, as mint has", async () => {
    for (const name of ["inspect", "mint"]) {
      const { code, out } = await run(name, "--help");
      expect(code).toBe(0);
      expect(out).toContain(`Usage: galleta ${name}`);
      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    }
  });
  it("shows times, size, attributes and anything unusual", async () => {
    const cookie = await mint("--data", '{"user":1}', "--max-age", "86400");
    const { code, out } = await run("inspect", `Set-Cookie: ${cookie}; Path=/; SameSite=None`);
    expect(code).toBe(0);
    expect(out).toContain("not verified: no key was given");
    expect(out).toContain('  data (?)    {"user":1}\n');
    expect(out).toMatch(
      /^ {2}expires {5}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (?:1 day|23 hours)$/m,
    );
    expect(out).toMatch(/^ {2}size {8}\d+ of 4096 bytes \(3 %\)$/m);
    expect(out).toContain("  attributes  Path=/; SameSite=None\n");
    expect(out).toContain("  ! Without HttpOnly, scripts of the page can read the cookie.\n");
    expect(out).toContain("  ! Browsers drop SameSite=None without Secure.\n");
  });
  it("says which key it was, and where the key comes from", async () => {
    const cookie = await mint(
      "--data",
      '{"a":1}',
      "--secret-env",
      "FILE_KEY",
      "--env-file",
      envFile,
    );
    const keys = ["--env-file", envFile, "--secret-env", "SECRET_KEY", "--secret-env", "FILE_KEY"];
    vi.stubEnv("SECRET_KEY", undefined);
    const { code, out } = await run("inspect", cookie, ...keys);
    expect(code).toBe(0);
    expect(out).toContain(`valid: verified with FILE_KEY from ${envFile}\n`);
    expect(out).toContain("  ! An old key verified the cookie");
  });
  it("says why a cookie is rejected and what to do", async () => {
    const cookie = await mint("--data", '{"a":1}');
    const changed = `${cookie.slice(0, -6)}AAAAAA`;
    const { code, out } = await run("inspect", changed, "--secret-env", "SECRET_KEY");
    expect(code).toBe(1);
    expect(out).toContain("rejected: Its signature is wrong");
    expect(out).toContain("  Check the key and the cookie's name.");
  });
  it("lists other cookies, and picks one by its name", async () => {
    const cookie = await mint("--data", '{"a":1}');
    const header = `Cookie: theme=dark; ${cookie}; lang=de`;
    const all = await run("inspect", header);
    expect(all.code).toBe(0);
    expect(all.out).toContain("Other cookies: theme, lang\n");
    const one = await run("inspect", header, "--name", "theme");
    expect(one.code).toBe(1);
    expect(one.out).toMatch(/^theme {2}no session cookie of a known kind\nunknown\n/);
    const none = await run("inspect", header, "--name", "sid");
    expect(none).toEqual({
      code: 1,
      out: "",
      err: "galleta: The text does not contain a cookie of that name.\n",
    });
  });
  it("prints JSON", async () => {
    const cookie = await mint("--data", '{"a":"\u202e"}');
    const { code, out } = await run("inspect", cookie, "--json", "--secret-env", "SECRET_KEY");
    expect(code).toBe(0);
    expect(out).not.toContain("\u202e");
    const { cookies } = JSON.parse(out) as { cookies: Record<string, unknown>[] };
    expect(cookies[0]).toMatchObject({
      name: "session",
      format: "galleta",
      status: "valid",
      data: { a: "\u202e" },
      verifiedWith: { name: "SECRET_KEY", source: "the environment" },
    });
    expect(cookies[0]!["issuedAt"]).toMatch(/^\d{4}-\d\d-\d\dT/);
  });
  it("escapes cookies that would control the terminal", async () => {
    const data = JSON.stringify({ "\u001b[2J\u009b31m": "\u0007\u202e\u0085\u2028" });
    const cookie = `session=${Buffer.from(data).toString("base64")}`;
    const header = `Set-Cookie: ${cookie}; Path=\u001b]0;x\u0007; \u009bA`;
    for (const json of [[], ["--json"]]) {
      const { out } = await run("inspect", header, ...json);
      expect(out).toContain("u001b");
      // oxlint-disable-next-line no-control-regex -- the test looks for control characters
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/);
    }
  });
});

describe("keys", () => {
  it.each([
    [["--secret", KEY]],
    [[`--secret=${KEY}`]],
    [["--secret-key", KEY]],
    [["--key", KEY]],
    [["--password", KEY]],
  ])("are never arguments: %s", async (given) => {
    for (const argv of [
      ["inspect", "a=b"],
      ["mint", "--data", "{}"],
    ]) {
      const { code, out, err } = await run(...argv, ...given);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(
        /^galleta: --\S+ is not an option: every user .* --secret-env SECRET_KEY\.\n$/,
      );
    }
  });
  it.each([
    [["--secret-env", "NO_KEY"], "NO_KEY is not set: set it in the environment."],
    [["--secret-env", "EMPTY"], "EMPTY is not set: set it in the environment."],
    [["--secret-env", KEY], "--secret-env takes the name of a variable, such as SECRET_KEY."],
    [["--env-file", "/nowhere/.env"], "The file /nowhere/.env of --env-file does not exist."],
    [["--max-age", "soon"], "--max-age must be a number of seconds from 1 to 34560000."],
  ])("%s is told", async (flags, message) => {
    expect(await run("inspect", "a=b", ...flags)).toEqual({
      code: 1,
      out: "",
      err: `galleta: ${message}\n`,
    });
  });
  it("report an empty variable, and come from the environment first", async () => {
    const empty = await run("inspect", "a=b", "--env-file", envFile, "--secret-env", "EMPTY");
    expect(empty.err).toBe(
      "galleta: EMPTY is empty: set it in the environment or the file of --env-file.\n",
    );
    const cookie = await mint("--data", '{"a":1}', "--env-file", envFile);
    vi.stubEnv("SECRET_KEY", OLD);
    expect((await run("inspect", cookie, "--secret-env", "SECRET_KEY")).code).toBe(1);
  });
});

describe("galleta mint", () => {
  it.each([
    [[], "--data is missing: --data '{\"user\":1}'."],
    [["--data", "{user}"], "--data must be a JSON object, such as --data '{\"user\":1}'."],
    [["--data", "[1]"], "--data must be a JSON object, such as --data '{\"user\":1}'."],
    [["--data", "{}"], "A session without data has no cookie."],
    [
      ["--data", '{"a":1}', "--format", "flsk"],
      "--format must be a known format. Did you mean flask?",
    ],
    [
      ["--data", '{"a":1}', "--format", "rails"],
      "--format rails needs --name, because this format has no default name.",
    ],
    [
      ["--data", '{"a":1}', "--format", "flask", "--encrypt"],
      "--encrypt is for cookies of Galleta. Leave out --format.",
    ],
    [
      ["--data", '{"a":1}', "--max-age", "0"],
      "--max-age must be a number of seconds from 1 to 34560000.",
    ],
  ])("%j fails", async (flags, message) => {
    const { code, out, err } = await run("mint", ...flags);
    expect({ code, out, err }).toEqual({ code: 1, out: "", err: `galleta: ${message}\n` });
  });
  it("throws for a cookie that browsers drop, and for a weak key in production", async () => {
    const big = await run("mint", "--data", JSON.stringify({ list: "x".repeat(5000) }));
    expect(big.err).toMatch(/browsers keep 4096/);
    vi.stubEnv("NODE_ENV", "production");
    vi.stubEnv("SECRET_KEY", "1234");
    const { code, err } = await run("mint", "--data", '{"a":1}');
    expect(code).toBe(1);
    expect(err).toMatch(/^galleta: secretKey has fewer than 32 characters/);
  });
});
