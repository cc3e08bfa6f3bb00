import { describe, expect, it } from "vitest";
import { readCsrfOption } from "./options.ts";

describe("readCsrfOption", () => {
  it.each([
    [undefined, true, false, []],
    [true, true, false, []],
    [false, false, false, []],
    ["strict", true, true, []],
    [{}, true, false, []],
    [{ strict: true }, true, true, []],
    [{ exempt: ["/hook", "/caf%C3%A9"] }, true, false, ["/hook", "/caf%C3%A9"]],
  ])("reads %j", (option, enabled, strict, exempt) => {
    const csrf = readCsrfOption(option);
    expect({ ...csrf, exempt: [...csrf.exempt] }).toEqual({ enabled, strict, exempt });
  });

  it.each([
    ["yes", "csrf must be"],
    [null, "csrf must be"],
    [1, "csrf must be"],
    [["/hook"], "csrf must be"],
    [{ exempts: [] }, "unknown key"],
    [{ strict: "yes" }, "csrf.strict"],
    [{ exempt: "/hook" }, "csrf.exempt must be a list"],
    [{ exempt: ["/a", 1] }, "csrf.exempt[1] must be a string"],
    [{ exempt: ["hook"] }, "start with a slash"],
    [{ exempt: [""] }, "start with a slash"],
    [{ exempt: ["/hook?a=b"] }, "without query"],
    [{ exempt: ["/hook#a"] }, "without query"],
    [{ exempt: ["/hooks/*"] }, "wildcard"],
    [{ exempt: ["/hooks/:id"] }, "wildcard"],
    [{ exempt: ["/café"] }, "percent-encoded"],
  ])("refuses %j", (option, why) => {
    expect(() => readCsrfOption(option)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining(why) as string,
      }),
    );
  });
});
