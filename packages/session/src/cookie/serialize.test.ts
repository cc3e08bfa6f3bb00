import { describe, expect, it } from "vitest";
import { MAX_AGE_LIMIT, serializeAttributes, serializeCookie } from "./serialize.ts";

const plain = { path: "/", sameSite: "lax", partitioned: false } as const;

describe("serializeAttributes", () => {
  it.each([
    [plain, false, "; Path=/; HttpOnly; SameSite=Lax"],
    [{ ...plain, sameSite: "strict" }, false, "; Path=/; HttpOnly; SameSite=Strict"],
    [
      { ...plain, domain: "example.com" },
      false,
      "; Path=/; Domain=example.com; HttpOnly; SameSite=Lax",
    ],
    [
      { path: "/a", sameSite: "none", partitioned: true },
      true,
      "; Path=/a; Secure; HttpOnly; SameSite=None; Partitioned",
    ],
  ] as const)("%j", (attributes, secure, text) => {
    expect(serializeAttributes(attributes, secure)).toBe(text);
  });
});

describe("serializeCookie", () => {
  const all = serializeAttributes(plain, false);

  it("sets Max-Age, up to the limit of browsers", () => {
    expect(serializeCookie("s", "v", all, 60)).toBe(`s=v; Max-Age=60${all}`);
    expect(serializeCookie("s", "v", all, null)).toBe(`s=v${all}`);
    expect(serializeCookie("s", "", all, 0)).toBe(
      `s=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${all}`,
    );
    expect(serializeCookie("s", "v", all, MAX_AGE_LIMIT + 1)).toContain(`Max-Age=34560000;`);
  });

  it("throws for a character that could begin an attribute or another header", () => {
    for (let code = 0; code < 0x250; code += 1) {
      const value = `a${String.fromCharCode(code)}b`;
      const isAllowed =
        code >= 0x21 && code <= 0x7e && !['"', ",", ";", "\\"].includes(String.fromCharCode(code));
      const write = () => serializeCookie("s", value, all, 60);
      if (isAllowed) expect(write()).toContain(value);
      else expect(write).toThrow(expect.objectContaining({ code: "ERR_SESSION_OPTION" }));
    }
  });

  it.each(["a; Domain=evil.example", "a\r\nSet-Cookie: b=c", "a\tb", "a\n", "\0"])(
    "does not show the value it throws for: %j",
    (value) => {
      expect(() => serializeCookie("s", value, all, 60)).toThrow(/^((?!Domain|Set-Cookie: ).)*$/);
    },
  );
});
