import { describe, expect, it } from "vitest";
import { readCsrfOption } from "./csrf-options.ts";

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
    "yes",
    "",
    null,
    1,
    0,
    [],
    ["/hook"],
    () => true,
    { exempts: [] },
    { "": 1 },
    { strict: "yes" },
    { strict: null },
  ])("throws for %j", (option) => {
    expect(() => readCsrfOption(option)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining(
          'csrf must be true, false, "strict" or { strict: boolean, exempt: list }.',
        ) as string,
      }),
    );
  });

  it.each([
    "/hook",
    null,
    { exempt: [1] },
    [1],
    ["hook"],
    ["a/hook"],
    [""],
    ["/hook?a=b"],
    ["/hook#a"],
    ["/hooks/*"],
    ["/hooks/:id"],
    ["/a b"],
    ["/hook\n"],
    ["/café"],
  ])("throws for the exempt paths %j", (exempt) => {
    const good = Array.isArray(exempt) ? ["/a", ...(exempt as unknown[])] : exempt;
    const place = Array.isArray(exempt) ? "csrf.exempt[1] is invalid: " : "";
    expect(() => readCsrfOption({ exempt: good })).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTION",
        message: expect.stringContaining(
          `${place}csrf.exempt must be a list of paths as browsers send them, like /a%20b, without query or wildcard.`,
        ) as string,
      }),
    );
  });
});
