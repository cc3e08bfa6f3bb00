import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Epochs, type Epoch } from "./epochs.ts";
import { createKeyRing, info } from "./keys.ts";
import { encryptToken, openToken } from "./token.ts";

const secret = Buffer.from("a secret of this test");
const create = () => createKeyRing([secret], "session").newest.encryption.session.epochs;
const nameOf = (salt: Buffer) => salt.toString("base64url");
/** What a key makes of one block tells two keys apart. */
const sample = ({ cipher }: Epoch) => cipher.update(Buffer.alloc(16)).toString("hex");
const HOUR = 3_600_000;

describe("an epoch", () => {
  it("has the key that HKDF gives", () => {
    const epochs = create();
    for (let count = 0; count < 20; count += 1) {
      const salt = randomBytes(12);
      const key = Buffer.from(hkdfSync("sha256", secret, salt, info("epoch", "session"), 32));
      const block = createCipheriv("aes-256-ecb", key, null).update(Buffer.alloc(16));
      expect(sample(epochs.find(nameOf(salt), salt))).toBe(block.toString("hex"));
    }
  });

  it("leaves no copy of its key in a buffer", () => {
    const key = randomBytes(32);
    const block = createCipheriv("aes-256-ecb", key, null).update(Buffer.alloc(16));
    const epoch = new Epochs(() => key).find("name", Buffer.alloc(12));
    expect(key).toEqual(Buffer.alloc(32));
    expect(sample(epoch)).toBe(block.toString("hex"));
  });

  it("ends after an hour", () => {
    const epochs = create();
    const first = epochs.current(HOUR);
    expect(epochs.current(2 * HOUR - 1)).toBe(first);
    const second = epochs.current(2 * HOUR);
    expect(second.salt).not.toEqual(first.salt);
    expect(sample(second)).not.toBe(sample(first));
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
    const salt = randomBytes(12);
    const salts = new Set<string>();
    const keys = new Set<string>();
    for (const name of ["session", "other"]) {
      for (const { encryption } of createKeyRing([secret, Buffer.from("two")], name).keys) {
        for (const { epochs } of [encryption.session, encryption.ticket]) {
          salts.add(nameOf(epochs.current().salt));
          keys.add(sample(epochs.find(nameOf(salt), salt)));
        }
      }
    }
    expect([salts.size, keys.size]).toEqual([8, 8]);
  });

  it("is not derived again for a token of this process", () => {
    const epochs = create();
    const epoch = epochs.current();
    expect(epochs.find(nameOf(epoch.salt), epoch.salt).cipher).toBe(epoch.cipher);
    expect(epochs.size).toBe(1);
  });
});

describe("the keys that a reader keeps", () => {
  const input = { sid: "A".repeat(22), rev: 1, json: "{}", born: 1, iat: 1, exp: 9 };
  const both = { signed: true, encrypted: true };
  const writer = createKeyRing([secret], "session");
  const saltOf = (number: number) => {
    const salt = Buffer.alloc(12);
    salt.writeUInt32BE(number);
    return salt;
  };
  const seal = (number: number) => {
    const fixed = { salt: saltOf(number), nonce: Buffer.alloc(12) };
    return encryptToken(input, writer, "session", fixed);
  };

  it("belong to tokens that were verified", () => {
    const reader = createKeyRing([secret], "session");
    const { epochs } = reader.newest.encryption.session;
    for (let time = 0; time < 3; time += 1) {
      expect(openToken(seal(1), reader, both)).toMatchObject(input);
      expect(epochs.size).toBe(1);
    }
    const kept = epochs.find(nameOf(saltOf(1)), saltOf(1));
    expect(epochs.find(nameOf(saltOf(1)), saltOf(1))).toBe(kept);
  });

  it("are not derived for a token that anyone could make up", () => {
    const reader = createKeyRing([secret], "session");
    const genuine = Buffer.from(seal(1), "base64url");
    const garbage = (change: (bytes: Buffer, number: number) => void) => {
      for (let number = 0; number < 3000; number += 1) {
        const bytes = Buffer.from(genuine);
        change(bytes, number);
        expect(openToken(bytes.toString("base64url"), reader, both)).toBe("mac");
      }
    };
    garbage((bytes, number) => bytes.writeUInt32BE(number + 2, 18));
    garbage((bytes) => (bytes[50]! ^= 1));
    garbage((bytes) => (bytes[bytes.length - 1]! ^= 1));
    expect(reader.newest.encryption.session.epochs.size).toBe(0);
  });

  it("are bounded: the oldest goes, and is derived again when its token comes", () => {
    const reader = createKeyRing([secret], "session");
    const { epochs } = reader.newest.encryption.session;
    const find = (number: number) => epochs.find(nameOf(saltOf(number)), saltOf(number));
    const [first, second] = [find(0), find(1)];
    for (let number = 2; number <= 1024; number += 1) {
      expect(openToken(seal(number), reader, both)).toMatchObject(input);
    }
    expect(epochs.size).toBe(1024);
    expect(find(1)).toBe(second);
    expect(find(0)).not.toBe(first);
    expect(openToken(seal(0), reader, both)).toMatchObject(input);
    expect(epochs.size).toBe(1024);
  });

  it("may drop the key for writing, which is still used", () => {
    const epochs = create();
    const current = epochs.current(HOUR);
    for (let number = 0; number < 1024; number += 1)
      epochs.find(nameOf(saltOf(number)), saltOf(number));
    expect(epochs.current(HOUR)).toBe(current);
  });
});
