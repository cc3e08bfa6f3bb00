import { hkdfSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Epochs } from "./epochs.ts";
import { createKeyRing, info } from "./keys.ts";
import { encryptToken, openToken } from "./token.ts";

const secret = Buffer.from("a secret of this test");
const about = (salt: Uint8Array) => info("epoch", "session", salt);
const create = () => createKeyRing([secret], "session").newest.epochs.session;
const HOUR = 3_600_000;

describe("an epoch", () => {
  it("has the key and the commitment that HKDF gives", () => {
    const epochs = create();
    for (let count = 0; count < 20; count += 1) {
      const salt = randomBytes(12);
      const { key, commitment } = epochs.derive(salt);
      const derived = Buffer.from(hkdfSync("sha256", secret, "", about(salt), 48));
      expect(Buffer.concat([key.export(), commitment])).toEqual(derived);
    }
  });

  it("ends after an hour", () => {
    const epochs = create();
    const first = epochs.current(HOUR);
    expect(epochs.current(2 * HOUR - 1)).toBe(first);
    const second = epochs.current(2 * HOUR);
    expect(second.salt).not.toEqual(first.salt);
    expect(second.key.equals(first.key)).toBe(false);
    expect(epochs.current(3 * HOUR - 1)).toBe(second);
  });

  it("ends when the clock is set back", () => {
    const epochs = create();
    const first = epochs.current(HOUR);
    const second = epochs.current(HOUR - 1);
    expect(second).not.toBe(first);
    expect(epochs.current(HOUR)).toBe(second);
  });

  it("ends after 2 ** 24 tokens", () => {
    const epochs = create();
    const first = epochs.current(HOUR);
    for (let count = 1; count < 2 ** 24 - 1; count += 1) epochs.current(HOUR);
    expect(epochs.current(HOUR)).toBe(first);
    expect(epochs.current(HOUR)).not.toBe(first);
  });

  it("differs for each process, use, name and secret", () => {
    const salts = new Set<string>();
    for (const name of ["session", "other"]) {
      for (const { epochs } of createKeyRing([secret, Buffer.from("two")], name).keys) {
        salts.add(Buffer.from(epochs.session.current().salt).toString("hex"));
        salts.add(Buffer.from(epochs.ticket.current().salt).toString("hex"));
      }
    }
    expect(salts.size).toBe(8);
  });
});

describe("the keys that a reader keeps", () => {
  const input = { sid: "A".repeat(22), rev: 1, json: "{}", born: 1, iat: 1, exp: 9 };
  const both = { signed: true, encrypted: true };
  const writer = createKeyRing([secret], "session");
  const seal = (number: number) => {
    const salt = Buffer.alloc(12);
    salt.writeUInt32BE(number);
    const fixed = { salt, nonce: Buffer.alloc(12) };
    return encryptToken(input, writer, "session", fixed);
  };

  it("belong to tokens that opened", () => {
    const reader = createKeyRing([secret], "session");
    const { session } = reader.newest.epochs;
    const token = seal(1);
    expect(openToken(token, reader, both)).toMatchObject(input);
    expect(session.size).toBe(1);
    const salt = Buffer.from(token, "base64url").subarray(18, 30);
    const { commitment } = session.derive(salt);
    const kept = session.find(token.slice(24, 40), salt, commitment);
    expect(kept).toBeDefined();
    expect(session.find(token.slice(24, 40), salt, commitment)).toBe(kept);
  });

  it("are not displaced by invented salts, wrong commitments or broken ciphertext", () => {
    const reader = createKeyRing([secret], "session");
    const { session } = reader.newest.epochs;
    const genuine = Buffer.from(seal(1), "base64url");
    const garbage = (change: (bytes: Buffer, number: number) => void) => {
      for (let number = 0; number < 3000; number += 1) {
        const bytes = Buffer.from(genuine);
        change(bytes, number);
        expect(openToken(bytes.toString("base64url"), reader, both)).toMatch(/^(mac|decryption)$/);
      }
    };
    garbage((bytes, number) => bytes.writeUInt32BE(number + 2, 18));
    garbage((bytes) => (bytes[50]! ^= 1));
    garbage((bytes) => (bytes[bytes.length - 1]! ^= 1));
    expect(session.size).toBe(0);
  });

  it("are bounded, and those in use stay", () => {
    const reader = createKeyRing([secret], "session");
    const { session } = reader.newest.epochs;
    const often = seal(0);
    const salt = Buffer.alloc(12);
    openToken(often, reader, both);
    const { commitment } = session.derive(salt);
    const kept = session.find(often.slice(24, 40), salt, commitment);
    expect(kept).toBeDefined();
    for (let number = 1; number < 3000; number += 1) {
      openToken(seal(number), reader, both);
      if (number % 100 === 0) openToken(often, reader, both);
      expect(session.size).toBeLessThanOrEqual(1024);
    }
    expect(session.find(often.slice(24, 40), salt, commitment)).toBe(kept);
  });
});

it("an epoch is not derived again for a token of this process", () => {
  const ring = createKeyRing([secret], "session");
  const { session } = ring.newest.epochs;
  expect(session).toBeInstanceOf(Epochs);
  const epoch = session.current();
  const { salt, commitment } = epoch;
  expect(session.find(Buffer.from(salt).toString("base64url"), salt, commitment)).toBe(epoch);
});
