import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { Secret, type StandardSchema } from "@galleta/session";
import { afterAll, describe, expect, it } from "vitest";
import { Config, type ConfigCast } from "./config.ts";
import { ConfigError, GalletaError } from "./errors.ts";

const folder = mkdtempSync(join(tmpdir(), "galleta-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const envFile = (text: string) => {
  files += 1;
  const path = join(folder, `${files}.env`);
  writeFileSync(path, text);
  return path;
};

const failure = (work: () => unknown): ConfigError => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error("It did not fail.");
};

describe("Config", () => {
  it("throws for an unknown option, and suggests the one that was meant", () => {
    const error = failure(() => new Config(undefined, { envprefix: "APP_" } as never));
    expect(error.message).toContain(
      'There is no option of Config "envprefix". Did you mean envPrefix?',
    );
  });

  it("takes the environment, then the file, then the default", () => {
    const environ = { A: "environment" };
    const config = new Config(envFile("A=file\nB=file\n"), { environ });
    expect(config.get("A", { default: "default" })).toBe("environment");
    expect(config.get("B", { default: "default" })).toBe("file");
    expect(config.get("C", { default: "default" })).toBe("default");
  });

  it("reads process.env as it is now and writes nothing to it", () => {
    const before = { ...process.env };
    const config = new Config(envFile("GALLETA_TEST_KEY=from the file\n"));
    expect(config.get("GALLETA_TEST_KEY")).toBe("from the file");
    expect(process.env).toEqual(before);
    process.env["GALLETA_TEST_KEY"] = "set later";
    try {
      expect(config.get("GALLETA_TEST_KEY")).toBe("set later");
    } finally {
      delete process.env["GALLETA_TEST_KEY"];
    }
  });

  it("reads the syntax of Node: quotes, comments, export, several lines", () => {
    const text = `# comment\nexport A='one'\nB="two # three" # four\nC="a\nb"\nD= spaced \nE=\n`;
    const config = new Config(envFile(text), { environ: {} });
    expect(["A", "B", "C", "D", "E"].map((key) => config.get(key))).toEqual([
      "one",
      "two # three",
      "a\nb",
      "spaced",
      "",
    ]);
  });

  it("takes a file: URL", () => {
    const config = new Config(pathToFileURL(envFile("A=1\n")), { environ: {} });
    expect(config.get("A")).toBe("1");
  });

  it("works without the file", () => {
    const config = new Config(join(folder, "absent.env"), { environ: { A: "1" } });
    expect(config.get("A")).toBe("1");
  });

  it("says which file it cannot read", () => {
    const directory = join(folder, "directory.env");
    mkdirSync(directory);
    const error = failure(() => new Config(directory));
    expect(error.message).toContain(directory);
    expect(error.message).toContain("EISDIR");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("puts the prefix before the key, in the environment and in the file", () => {
    const config = new Config(envFile("APP_B=file\nB=other\n"), {
      envPrefix: "APP_",
      environ: { APP_A: "environment", A: "other" },
    });
    expect(config.get("A")).toBe("environment");
    expect(config.get("B")).toBe("file");
    expect(failure(() => config.get("C")).message).toContain("APP_C");
  });

  it("does not read inherited properties as values", () => {
    const config = new Config(envFile("toString=file\n"), { environ: {} });
    expect(config.get("toString")).toBe("file");
    for (const key of ["constructor", "__proto__", "hasOwnProperty"]) {
      expect(config.get(key, { default: "default" })).toBe("default");
    }
  });

  it("names the missing key, and where to set it", () => {
    const error = failure(() => new Config(".env.absent", { environ: {} }).get("DATABASE_URL"));
    expect(error.code).toBe("ERR_GALLETA_CONFIG");
    expect(error).toBeInstanceOf(GalletaError);
    expect(error.name).toBe("ConfigError");
    expect(error.message).toContain(
      "DATABASE_URL is missing: set it in the environment or in .env.absent.",
    );
    expect(failure(() => new Config(undefined, { environ: {} }).get("A")).message).toContain(
      "A is missing: set it in the environment.",
    );
  });

  it("takes undefined, null and false as defaults", () => {
    const config = new Config(undefined, { environ: {} });
    for (const value of [undefined, null, false, 0, ""]) {
      expect(config.get("A", { default: value })).toBe(value);
    }
  });
});

describe("Config casts", () => {
  const cast = (value: string, to: ConfigCast) =>
    new Config(undefined, { environ: { KEY: value } }).get("KEY", { cast: to });

  it("casts to numbers, and only finite ones", () => {
    expect(["8000", "-1.5", " 7 ", "0x10", "1e3"].map((text) => cast(text, Number))).toEqual([
      8000, -1.5, 7, 16, 1000,
    ]);
    for (const text of ["", " ", "12px", "NaN", "Infinity", "1,5", "1 2"]) {
      expect(failure(() => cast(text, Number)).message).toContain("KEY must be a number.");
    }
  });

  it("casts to booleans from four words only", () => {
    for (const text of ["true", "TRUE", "True", "1"]) expect(cast(text, Boolean)).toBe(true);
    for (const text of ["false", "FALSE", "0"]) expect(cast(text, Boolean)).toBe(false);
    for (const text of ["", "yes", "no", "on", "off", "2", " true"]) {
      expect(failure(() => cast(text, Boolean)).message).toContain("KEY must be true");
    }
  });

  it("casts to strings and secrets", () => {
    expect(cast("", String)).toBe("");
    const secret = cast("horse battery", Secret);
    expect(secret).toBeInstanceOf(Secret);
    expect((secret as Secret).reveal()).toBe("horse battery");
  });

  it("does not cast the default", () => {
    const config = new Config(undefined, { environ: {} });
    expect(config.get("KEY", { cast: Number, default: "auto" })).toBe("auto");
  });

  it("casts with any function", () => {
    expect(cast("a,b", (value) => value.split(","))).toEqual(["a", "b"]);
    expect(failure(() => cast("not a url", (value) => new URL(value))).message).toContain(
      "KEY has a value that its cast does not accept (the function threw).",
    );
  });

  const positive: StandardSchema<number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        Number(value) > 0
          ? { value: Number(value) }
          : { issues: [{ message: `not positive: ${String(value)}` }] },
    },
  };

  it("casts with a Standard Schema, also one that is a function", () => {
    expect(cast("5", positive)).toBe(5);
    expect(failure(() => cast("-5", positive)).message).toContain("KEY does not match its schema.");
    const callable = Object.assign(() => "called", positive);
    expect(cast("5", callable)).toBe(5);
  });

  it("throws for an asynchronous schema and leaves no unhandled rejection", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const later: StandardSchema = {
      "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(new Error("no")) },
    };
    expect(failure(() => cast("5", later)).message).toContain("asynchronous");
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  it("never shows a value: not in a message, a cause or an inspection", () => {
    const value = "hunter2-hunter2";
    const file = envFile(`OTHER="${value}"\n`);
    const config = new Config(file, { environ: { KEY: value } });
    const throws: StandardSchema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (input) => {
          throw new Error(`cannot read ${String(input)}`);
        },
      },
    };
    const casts: ConfigCast[] = [Number, Boolean, JSON.parse, positive, throws];
    for (const key of ["KEY", "OTHER"]) {
      for (const to of casts) {
        const error = failure(() => config.get(key, { cast: to }));
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(value);
        expect(JSON.stringify(error)).not.toContain(value);
      }
    }
    expect(inspect(config, { depth: 9, showHidden: true })).not.toContain(value);
    expect(JSON.stringify(config)).toBe("{}");
  });
});
