import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { main } from "./main.ts";

async function run(...argv: string[]) {
  const written = { out: "", err: "" };
  const code = await main(argv, {
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
  });
  return { code, ...written };
}

describe("galleta", () => {
  it("shows its help when asked, and on standard error without a command", async () => {
    const asked = await run("--help");
    expect(asked).toMatchObject({ code: 0, err: "" });
    expect(asked.out).toMatch(/serve +Serve an app\n/);
    expect(asked.out).toMatch(/secret +Print a strong key/);
    expect(await run()).toEqual({ code: 1, out: "", err: asked.out });
    expect(await run("-h")).toEqual(asked);
  });

  it("prints the version of its package", async () => {
    const path = new URL("../../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    expect(await run("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it("suggests a command in one line", async () => {
    expect(await run("sevre")).toEqual({
      code: 1,
      out: "",
      err: "galleta: There is no command sevre. Did you mean serve?\n",
    });
    expect((await run("deploy")).err).toContain("galleta --help lists them.");
    expect((await run("--versoin")).err).toContain("Did you mean --version?");
    expect((await run("--key=hunter2")).err).not.toContain("hunter2");
    expect((await run("__proto__")).err).toContain("There is no command __proto__.");
  });

  it("has help for each command, with anything else on the line", async () => {
    for (const name of ["serve", "secret"]) {
      const { code, out, err } = await run(name, "--nonsense", "--help");
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain(`Usage: galleta ${name}`);
      expect(out).toMatch(/--help +Show this\n/);
      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    }
    const { out } = await run("serve", "-h");
    for (const option of "host port workers watch env-file tls-cert tls-key".split(" ")) {
      expect(out).toContain(`--${option}`);
    }
  });
});

describe("galleta secret", () => {
  it("prints a key of 32 random bytes and nothing else", async () => {
    const [one, two] = [await run("secret"), await run("secret")];
    expect(one).toMatchObject({ code: 0, err: "" });
    expect(one.out).toMatch(/^[\w-]{43}\n$/);
    expect(one.out).not.toBe(two.out);
  });

  it("prints a longer key, and never a weaker one", async () => {
    const { out } = await run("secret", "--bytes", "64");
    expect(Buffer.from(out.trim(), "base64url")).toHaveLength(64);
    for (const bytes of ["31", "0", "1025", "many", "-1", "32.5"]) {
      expect(await run("secret", `--bytes=${bytes}`)).toEqual({
        code: 1,
        out: "",
        err: "galleta: --bytes must be from 32 to 1024.\n",
      });
    }
    expect((await run("secret", "extra")).err).toBe("galleta: The command takes no arguments.\n");
  });
});

describe("galleta serve", () => {
  it("throws for flags that make no sense before it starts anything", async () => {
    const errors: [argv: string[], line: string][] = [
      [[], "Name the file of the app, as in: galleta serve src/app.ts"],
      [["a.ts", "--prot", "1"], "There is no option --prot. Did you mean --port?"],
      [["a.ts", "--workers", "0"], "--workers must be a whole number from 1 to 256."],
      [["a.ts", "--workers", "two"], "--workers must be a whole number from 1 to 256."],
      [["a.ts", "--grace", "1h"], "--grace must be a whole number from 0 to 3600."],
      [["a.ts", "--watch", "--workers", "2"], "Use either --watch or --workers, not both."],
      [["a.ts", "b.ts"], "The command takes one argument."],
    ];
    for (const [argv, line] of errors) {
      expect(await run("serve", ...argv)).toEqual({ code: 1, out: "", err: `galleta: ${line}\n` });
    }
  });
});
