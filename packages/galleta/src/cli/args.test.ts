import { describe, expect, expectTypeOf, it } from "vitest";
import { parseArguments } from "./args.ts";
import { CliError } from "./failure.ts";

const OPTIONS = {
  port: { type: "string", value: "number", help: "A port" },
  watch: { type: "boolean", help: "Watch" },
  "env-file": { type: "string", multiple: true, help: "Files" },
} as const;

const parse = (argv: readonly string[], room = 1) => parseArguments(argv, OPTIONS, room);
const refusal = (argv: readonly string[], room = 1) => {
  try {
    parse(argv, room);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    return (error as Error).message;
  }
  throw new Error("It was accepted.");
};

describe("parseArguments", () => {
  it("reads options before and after the argument, with a space or an equals sign", () => {
    const { values, positionals } = parse([
      "--port=80",
      "app.ts",
      "--env-file",
      "a",
      "--watch",
      "--env-file=b",
    ]);
    expect(values).toEqual({ port: "80", watch: true, "env-file": ["a", "b"] });
    expect(positionals).toEqual(["app.ts"]);
    expectTypeOf(values.port).toEqualTypeOf<string | undefined>();
    expectTypeOf(values.watch).toEqualTypeOf<boolean | undefined>();
    expectTypeOf(values["env-file"]).toEqualTypeOf<string[] | undefined>();
  });

  it("reads everything behind -- as arguments", () => {
    expect(parse(["--", "--port"]).positionals).toEqual(["--port"]);
  });

  it("suggests the option that was probably meant", () => {
    expect(refusal(["--prot", "80"])).toBe("There is no option --prot. Did you mean --port?");
    expect(refusal(["--envfile=x"])).toContain("--env-file?");
    expect(refusal(["--colour"])).toBe("There is no option --colour. --help lists them.");
    expect(refusal(["-x"])).toContain("There is no option -x.");
    expect(refusal(["--constructor"])).toContain("There is no option --constructor.");
  });

  it("requires a value for options that take one, and rejects it for others", () => {
    const needs = "--port needs a value: --port <number>.";
    for (const argv of [["--port"], ["--port", "--watch"], ["--port="], ["--port", ""]]) {
      expect(refusal(argv)).toBe(needs);
    }
    expect(refusal(["--watch=yes"])).toBe("--watch takes no value.");
    expect(parse(["--port=-1"]).values.port).toBe("-1");
  });

  it("throws for a repeated option, and for too many arguments", () => {
    expect(refusal(["--port", "1", "--port", "2"])).toBe("--port is given twice.");
    expect(refusal(["a", "b"])).toBe("The command takes one argument.");
    expect(refusal(["a"], 0)).toBe("The command takes no arguments.");
  });

  it("repeats no value, which may be a secret", () => {
    const secret = "hunter2-hunter2";
    for (const argv of [
      [`--secret-key=${secret}`],
      ["--secret-key", secret],
      ["app.ts", secret],
      [`--watch=${secret}`],
      [`--port=${secret}`, `--port=${secret}`],
    ]) {
      expect(refusal(argv)).not.toContain(secret);
    }
  });
});
