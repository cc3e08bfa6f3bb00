import { describe, expect, it } from "vitest";
import { vectors } from "@galleta/test-support/formats";
import { viewToken } from "./token-view.ts";

interface V1 {
  readonly signed: string;
  readonly encrypted: string;
  readonly sealed: { readonly session: string };
  readonly kid: string;
  readonly sid_hex: string;
  readonly body: string;
}
const v1 = vectors<V1>("galleta-v1");

describe("viewToken", () => {
  it("splits a signed token into its parts", () => {
    const view = viewToken(v1.signed)!;
    expect(view).toMatchObject({
      kind: "signed",
      keyId: "9baede13",
      born: 1_735_686_000,
      iat: 1_735_689_600,
      exp: 1_736_899_200,
    });
    const sid = Buffer.from(v1.sid_hex, "hex").toString("base64url");
    expect(view.content).toEqual({ sid, rev: 7, json: v1.body });
    const names = view.fields.map(({ name }) => name).join(", ");
    expect(names).toBe(
      "version, flags, key, born, issued, expires, session id, revision, data, signature",
    );
    expect(view.fields[3]).toMatchObject({ meaning: "session began 2024-12-31T23:00:00Z" });
  });
  it("splits an encrypted token into its parts, without its content", () => {
    for (const [token, lengths] of [
      [v1.sealed.session, [12, 12, 42, 32]],
      [v1.encrypted, [24, 16, 42, 16]],
    ] as const) {
      const view = viewToken(token)!;
      expect(view.kind).toBe("encrypted");
      expect(view.content).toBeUndefined();
      expect(view.fields.slice(6).map(({ bytes }) => bytes)).toEqual(lengths);
    }
  });
  it.each([v1.signed, v1.sealed.session, v1.encrypted])(
    "gives each character to one field",
    (token) => {
      const { fields } = viewToken(token)!;
      expect(fields.map(({ text }) => text).join("")).toBe(token);
      expect(fields.every(({ text }) => text.length > 0)).toBe(true);
    },
  );
  it.each(["", "UwA", `${v1.signed}=`, v1.signed.slice(0, 60), v1.encrypted.slice(0, 80), "eyJh"])(
    "rejects %.10s",
    (token) => {
      expect(viewToken(token)).toBeUndefined();
    },
  );
});
