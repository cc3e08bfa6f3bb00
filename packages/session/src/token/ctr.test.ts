import { createCipheriv, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { applyCtr, createBlockCipher } from "./ctr.ts";

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

describe("CTR", () => {
  it("matches the platform's for every length up to ten blocks, and around a batch of blocks", () => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const cipher = createBlockCipher(key);
    const lengths = [...Array(161).keys(), 4095, 4096, 4097, 8192, 12_345];
    for (const length of lengths) {
      const text = randomBytes(length);
      const target = Buffer.from(text);
      applyCtr(cipher, nonce, target, 0, length);
      expect(target).toEqual(platform(key, nonce, text));
      applyCtr(cipher, nonce, target, 0, length);
      expect(target).toEqual(text);
    }
  });

  it("changes only the bytes between start and end", () => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const target = Buffer.alloc(100);
    applyCtr(createBlockCipher(key), nonce, target, 30, 61);
    const expected = Buffer.alloc(100);
    platform(key, nonce, Buffer.alloc(31)).copy(expected, 30);
    expect(target).toEqual(expected);
  });

  it("keeps keys and nonces apart that are used in turn", () => {
    const keys = [randomBytes(32), randomBytes(32)];
    const ciphers = keys.map(createBlockCipher);
    const text = Buffer.alloc(70, "text");
    for (let time = 0; time < 8; time += 1) {
      const nonce = randomBytes(12);
      const target = Buffer.from(text);
      applyCtr(ciphers[time % 2]!, nonce, target, 0, 70);
      expect(target).toEqual(platform(keys[time % 2]!, nonce, text));
    }
  });
});
