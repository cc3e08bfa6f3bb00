import { describe, expect, it } from "vitest";
import { cookieSource, sentBack, tampered, vectors } from "@galleta/test-support/formats";
import type { JsonObject } from "../session/format.ts";
import { cookieSession } from "./cookie-session.ts";

const facts = vectors<{ secret: string; payload: JsonObject; value: string; sig: string }>(
  "cookie-session",
);
const { secret, payload, value, sig } = facts;
const format = cookieSession({ secretKey: secret });
const read = (session: string, signature: string, by = format) =>
  by.read(cookieSource({ session, "session.sig": signature }), 0);

describe("cookie-session's cookies", () => {
  it("are read, without times", () => {
    expect(read(value, sig)).toEqual({ ok: true, data: payload, keyIndex: 0 });
  });

  it("are written to the byte", () => {
    expect(format.write(payload, 0, null)).toEqual([
      { name: "session", value },
      { name: "session.sig", value: sig },
    ]);
  });

  it("give an empty session without the data cookie, and are rejected without the signature", () => {
    expect(format.read(cookieSource({ "session.sig": sig }), 0)).toBeUndefined();
    expect(format.read(cookieSource({ session: value }), 0)).toEqual({ ok: false, reason: "mac" });
    expect(read(value, "")).toEqual({ ok: false, reason: "mac" });
  });

  it("are read with an old key, which does not sign", () => {
    const rotated = cookieSession({ secretKey: ["a new key", secret] });
    expect(read(value, sig, rotated)).toMatchObject({ ok: true, keyIndex: 1 });
    expect(format.read(sentBack(rotated.write({}, 0, null)), 0)).toEqual({
      ok: false,
      reason: "mac",
    });
  });

  it("are bound to their name", () => {
    const other = cookieSession({ secretKey: secret, sessionCookie: "other" });
    expect(other.cookieNames).toEqual(["other", "other.sig"]);
    const renamed = cookieSource({ other: value, "other.sig": sig });
    expect(other.read(renamed, 0)).toEqual({ ok: false, reason: "mac" });
  });

  it("may be signed with another digest", () => {
    for (const digest of ["sha256", "sha384", "sha512"] as const) {
      const strong = cookieSession({ secretKey: secret, digest });
      const written = sentBack(strong.write(payload, 0, null));
      expect(strong.read(written, 0)).toMatchObject({ data: payload });
      expect(format.read(written, 0)).toEqual({ ok: false, reason: "mac" });
    }
  });

  it("are rejected when any byte of either cookie changed", () => {
    for (const other of tampered(value)) expect(read(other, sig)).toMatchObject({ ok: false });
    for (const other of tampered(sig)) expect(read(value, other)).toMatchObject({ ok: false });
  });
});
