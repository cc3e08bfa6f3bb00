import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CliError } from "./failure.ts";
import { makePlan, type ServeFlags } from "./plan.ts";
import { parseTarget } from "./target.ts";

const folder = mkdtempSync(join(tmpdir(), "galleta-plan-"));
const file = (name: string, text = "") => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const app = file("app.ts");
const odd = file("odd:name");
mkdirSync(join(folder, "sub"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FLAGS: ServeFlags = {
  target: app,
  host: undefined,
  port: undefined,
  envFiles: [],
  tlsCert: undefined,
  tlsKey: undefined,
  grace: 10,
};
const plan = (flags: Partial<ServeFlags> = {}) => makePlan({ ...FLAGS, ...flags });
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    return (error as Error).message;
  }
  throw new Error("It was accepted.");
};

beforeEach(() => {
  vi.stubEnv("PORT", undefined);
  vi.stubEnv("HOST", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  delete process.env["GALLETA_PLAN_TEST"];
});

describe("parseTarget", () => {
  it("splits off the export, unless the colon belongs to the file", () => {
    expect(parseTarget(app)).toEqual({ file: app, exportName: undefined });
    expect(parseTarget(`${app}:admin`)).toEqual({ file: app, exportName: "admin" });
    expect(parseTarget(odd)).toEqual({ file: odd, exportName: undefined });
    expect(parseTarget(`${odd}:admin`)).toEqual({ file: odd, exportName: "admin" });
  });

  it("says what is missing, and what is not a file", () => {
    expect(refusal(() => parseTarget(join(folder, "none.ts")))).toContain("There is no file");
    expect(refusal(() => parseTarget(join(folder, "none.ts:app")))).not.toContain(":app");
    expect(refusal(() => parseTarget(join(folder, "sub")))).toContain("is a folder");
  });
});

describe("makePlan", () => {
  it("takes the address from the flags, then the environment, then the defaults", () => {
    expect(plan()).toMatchObject({ hostname: "127.0.0.1", port: 8000, tls: undefined });
    vi.stubEnv("PORT", "9000");
    vi.stubEnv("HOST", "::1");
    expect(plan()).toMatchObject({ hostname: "::1", port: 9000 });
    expect(plan({ host: "0.0.0.0", port: "0" })).toMatchObject({ hostname: "0.0.0.0", port: 0 });
    vi.stubEnv("PORT", "");
    vi.stubEnv("HOST", "");
    expect(plan()).toMatchObject({ hostname: "127.0.0.1", port: 8000 });
  });

  it("throws for an invalid port, and names its source", () => {
    for (const port of ["65536", "-1", "80a", "8e3", "1.5", " 80"]) {
      expect(refusal(() => plan({ port }))).toBe("--port must be a number from 0 to 65535.");
    }
    vi.stubEnv("PORT", "hunter2");
    const message = refusal(() => plan());
    expect(message).toBe("The environment variable PORT must be a number from 0 to 65535.");
  });

  it("prefers the environment to its files, and a later file to an earlier one", () => {
    const one = file("one.env", "GALLETA_PLAN_TEST=one\nPORT=1111\n");
    const two = file("two.env", "GALLETA_PLAN_TEST=two\nPORT=2222\n");
    vi.stubEnv("PORT", "3333");
    expect(plan({ envFiles: [one, two] }).port).toBe(3333);
    expect(process.env["GALLETA_PLAN_TEST"]).toBe("two");
  });

  it("names the file that it cannot read", () => {
    const none = join(folder, "none");
    expect(refusal(() => plan({ envFiles: [none] }))).toBe(
      `The file ${none} of --env-file does not exist.`,
    );
    expect(refusal(() => plan({ envFiles: [folder] }))).toContain("cannot be read (EISDIR)");
    expect(refusal(() => plan({ tlsCert: none, tlsKey: none }))).toContain("--tls-cert");
  });

  it("needs certificate and key together, and both as PEM", () => {
    const text = file("text.pem", "hunter2");
    for (const flags of [{ tlsCert: text }, { tlsKey: text }]) {
      expect(refusal(() => plan(flags))).toContain("go together");
    }
    const message = refusal(() => plan({ tlsCert: text, tlsKey: text }));
    expect(message).toContain("are not PEM");
    expect(message).not.toContain("hunter2");
  });
});
