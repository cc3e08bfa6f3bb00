import { createCipheriv, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { applyCtr, createBlockCipher, Encrypter } from "./ctr.ts";

/** Encrypts with the platform's CTR mode. */
function platform(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Buffer {
  return createCipheriv("aes-256-ctr", key, Buffer.concat([nonce, Buffer.alloc(4)])).update(text);
}

describe("the block cipher", () => {
  it("matches FIPS 197, appendix C.3", () => {
    const key = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
    const block = Buffer.from("00112233445566778899aabbccddeeff", "hex");
    const cipher = createBlockCipher(key);
    for (let time = 0; time < 3; time += 1) {
      expect(cipher.update(block).toString("hex")).toBe("8ea2b7ca516745bfeafc49904b496089");
    }
  });
});

/** Writes the nonce in front of the text, and encrypts the text in place. */
function encrypt(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Buffer {
  const target = Buffer.concat([nonce, text]);
  applyCtr(createBlockCipher(key), target, 0, 12, target.length);
  return target.subarray(12);
}

// Up to ten blocks, the blocks of a ready keystream, and the batch of a call.
const LENGTHS = [...Array(161).keys(), 255, 256, 257, 4095, 4096, 4097, 8192, 12_345];

describe("CTR", () => {
  it("matches the platform's for every length", () => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    for (const length of LENGTHS) {
      const text = randomBytes(length);
      const encrypted = encrypt(key, nonce, text);
      expect(encrypted).toEqual(platform(key, nonce, text));
      expect(encrypt(key, nonce, encrypted)).toEqual(text);
    }
  });

  it("changes only the bytes between start and end", () => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const target = Buffer.concat([Buffer.alloc(5), nonce, Buffer.alloc(83)]);
    const expected = Buffer.from(target);
    applyCtr(createBlockCipher(key), target, 5, 30, 61);
    platform(key, nonce, Buffer.alloc(31)).copy(expected, 30);
    expect(target).toEqual(expected);
  });

  it("keeps keys and nonces apart that are used in turn", () => {
    const keys = [randomBytes(32), randomBytes(32)] as const;
    const ciphers = [createBlockCipher(keys[0]), createBlockCipher(keys[1])] as const;
    for (let time = 0; time < 8; time += 1) {
      const turn = (time % 2) as 0 | 1;
      const target = Buffer.concat([randomBytes(12), Buffer.alloc(70)]);
      const expected = platform(keys[turn], target.subarray(0, 12), Buffer.alloc(70));
      applyCtr(ciphers[turn], target, 0, 12, target.length);
      expect(target.subarray(12)).toEqual(expected);
    }
  });
});

describe("an encrypter", () => {
  it("encrypts every length, each time with another nonce, and leaves the rest as it is", () => {
    const keys = [randomBytes(32), randomBytes(32)];
    const encrypters = keys.map((key) => new Encrypter(createBlockCipher(key)));
    const nonces = new Set<string>();
    for (const length of LENGTHS) {
      for (const [i, key] of keys.entries()) {
        const text = randomBytes(length);
        const target = Buffer.concat([Buffer.alloc(15, 1), text, Buffer.alloc(20, 2)]);
        encrypters[i]!.encrypt(target, 2, 15, 15 + length);
        const nonce = target.subarray(2, 14);
        nonces.add(nonce.toString("hex"));
        const parts = [platform(key, nonce, text), Buffer.alloc(20, 2)];
        expect(target.subarray(15)).toEqual(Buffer.concat(parts));
        expect([target[0], target[1], target[14]]).toEqual([1, 1, 1]);
      }
    }
    expect(nonces.size).toBe(2 * LENGTHS.length);
  });
});
