import { describe, expect, it } from "vitest";
import { readInput } from "./input.ts";

const STARLETTE = "eyJ1c2VyIjogImFsaWNlIn0=.Z3SFgA.59G9kyL3rUeN2jgXbu3_FiX5apc";

describe("readInput", () => {
  it.each([
    ["a value with padding", STARLETTE, [{ name: undefined, value: STARLETTE }]],
    ["a pair", `session=${STARLETTE}`, [{ name: "session", value: STARLETTE }]],
    [
      "a header",
      `Cookie: a=1; b="2"`,
      [
        { name: "a", value: "1" },
        { name: "b", value: '"2"' },
      ],
    ],
    [
      "a Set-Cookie",
      "set-cookie:  a=1; Path=/; HttpOnly",
      [{ name: "a", value: "1", attributes: ["Path=/", "HttpOnly"] }],
    ],
    [
      "a Set-Cookie without its name",
      "a=1; Path=/; HttpOnly",
      [{ name: "a", value: "1", attributes: ["Path=/", "HttpOnly"] }],
    ],
    [
      "a Cookie without its name",
      "a=1; path-of=x",
      [
        { name: "a", value: "1" },
        { name: "path-of", value: "x" },
      ],
    ],
    [
      "what curl prints",
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Secure\r\nDate: x\r\n< set-cookie: b=2\r\n",
      [
        { name: "a", value: "1", attributes: ["Secure"] },
        { name: "b", value: "2", attributes: [] },
      ],
    ],
    ["nothing", " \n ", []],
    ["a header without a cookie", "Set-Cookie: ; Path=/", []],
  ])("reads %s", (_what, text, cookies) => {
    expect(readInput(text)).toEqual(cookies);
  });
});
