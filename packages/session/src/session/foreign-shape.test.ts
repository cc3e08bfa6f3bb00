import { describe, expect, it } from "vitest";
import { foreignShapeOf } from "./foreign-shape.ts";

const MAC = "ZmFrZWZha2VmYWtlZmFrZWZha2Vm".slice(0, 27);

describe("a cookie is recognized by its form", () => {
  it.each<[format: string, reader: string, ...values: string[]]>([
    ["iron-session", "ironSession", "Fe26.2*1*aa*bb*cc**dd*ee~2"],
    ["rails", "rails", "abc%2Bdef%3D--iviviv%3D%3D--tagtag%3D%3D", "a/b+c=--iv--tag"],
    ["django", "django", `eyJhIjoxfQ:1wAbCd:${MAC}`, `".eJyr-VYZ==:1wAbCd:${MAC}"`],
    ["starlette or flask", "starlette", `eyJhIjoxfQ==.aBcDeF.${MAC}`, `eyJhIjoxfQ.aBcDe.${MAC}`],
    ["flask", "flask", `.eJyrVkrU.aBcDeFgH.${MAC}`],
    ["cookie-session", "cookieSession", "eyJ1c2VyIjoiYW5hIn0", "e30=", "eyJhIjoxfQ%3D%3D"],
    ["express-session", "sessionCookie", "s%3Aabc-_.sig+/%3D", "s:abc.sig=", "S%3aabc.sig"],
  ])("%s, with advice for %s", (format, advice, ...values) => {
    for (const value of values) {
      const shape = foreignShapeOf(value);
      expect([value, shape?.format]).toEqual([value, format]);
      expect(shape?.message).toContain(`a cookie of ${format}.`);
      expect(shape?.message).toContain(advice);
      expect(shape?.message).not.toContain(value);
      expect(shape?.message.includes("formats: [")).toBe(format !== "express-session");
    }
  });

  it.each([
    "",
    "text",
    "Fe26.x*1",
    "xFe26.2*1*aa",
    "a--b",
    "a--b--c--d",
    "a--b--c d",
    "a b--c--d",
    `x eyJhIjoxfQ:1wAbCd:${MAC}`,
    `eyJhIjoxfQ:1wAbC:${MAC}`,
    `eyJhIjoxfQ:1wAbCd:${MAC} x`,
    `eyJhIjoxfQ.aBcD.${MAC}`,
    `eyJhIjoxfQ.aBcDeF.${MAC}x`,
    `x.eJyrVkrU.aBcDeF.${MAC}`,
    `.eJyrVkrU.aBcDeF.${MAC}x`,
    "eyJ!",
    "e31",
    "xeyJ1",
    "s%3Aabc",
    "xs%3Aabc.sig",
    "s%3Aabc.sig;",
  ])("%j is not", (value) => {
    expect(foreignShapeOf(value)).toBeUndefined();
  });

  it("a long one by its first 4,096 characters", () => {
    expect(foreignShapeOf(`eyJ${"a".repeat(4093)}!`)?.format).toBe("cookie-session");
    expect(foreignShapeOf(`eyJ${"a".repeat(4092)}!`)).toBeUndefined();
  });
});
