import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors.ts";
import { CliError, details, explain, shortPath } from "./failure.ts";

describe("explain", () => {
  it("shows errors of the program, the framework and the session unchanged", () => {
    expect(explain(new CliError("There is no file a.ts."))).toBe("There is no file a.ts.");
    expect(explain(new ConfigError("KEY is missing."))).toMatch(/^KEY is missing\. See \S+$/);
    const session = Object.assign(new Error("Weak key."), { code: "ERR_SESSION_KEY" });
    expect(explain(session)).toBe("Weak key.");
  });

  it("says in one line where an error of the app comes from", () => {
    const error = new TypeError("first\n  second");
    error.stack = `TypeError: first\n  second
    at node:internal/modules/esm:1:2
    at run (/srv/node_modules/pkg/index.js:3:4)
    at file://${process.cwd()}/src/app%20one.ts:12:7
    at later (${process.cwd()}/src/other.ts:1:1)`;
    expect(explain(error)).toBe(
      "src/app one.ts:12: TypeError: first second (DEBUG=galleta shows the stack)",
    );
  });

  it("leaves out the place if the stack has none", () => {
    const error = new Error("no");
    error.stack = "Error: no";
    expect(explain(error)).toBe("Error: no (DEBUG=galleta shows the stack)");
  });

  it("shows neither a thrown value that is not an error nor the text that JSON.parse quotes", () => {
    expect(explain("hunter2")).toBe("The app threw a value that is not an Error (string).");
    expect(explain(null)).toContain("(null)");
    let error: unknown;
    try {
      JSON.parse("hunter2");
    } catch (thrown) {
      error = thrown;
    }
    expect(explain(error)).toContain("SyntaxError: A text is not valid JSON");
    expect(explain(error)).not.toContain("hunter2");
  });
});

describe("details", () => {
  it("are shown only if DEBUG asks for them", () => {
    const error = new CliError("no", { cause: new Error("deep") });
    for (const debug of ["", "express", "galletas", "galleta-x"]) {
      expect(details(error, debug)).toBe("");
    }
    for (const debug of ["galleta", "express,galleta", "galleta:*", "*"]) {
      expect(details(error, debug)).toContain("deep");
    }
  });
});

describe("shortPath", () => {
  it("is relative below the working directory only", () => {
    expect(shortPath(`${process.cwd()}/a/b.ts`)).toBe("a/b.ts");
    expect(shortPath("/elsewhere/b.ts")).toBe("/elsewhere/b.ts");
  });
});
