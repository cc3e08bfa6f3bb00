import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createKeyRing } from "./keys.ts";
import { encryptToken, looksLikeToken, openToken, signToken } from "./token.ts";

const vectors = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/galleta-v1.json", import.meta.url), "utf8"),
);
const hex = (text: string) => Buffer.from(text, "hex");
const ring = createKeyRing([hex(vectors.ikm_hex)], vectors.cookie_name);
const input = {
  sid: hex(vectors.sid_hex).toString("base64url"),
  rev: vectors.rev,
  json: vectors.body,
  born: vectors.born,
  iat: vectors.iat,
  exp: vectors.exp,
};
const ticket = { ...input, iat: vectors.ticket.iat, exp: vectors.ticket.exp };
const { sealed } = vectors;
const { subtle } = globalThis.crypto;
const both = { signed: true, encrypted: true };

describe("vectors of format v1", () => {
  it("signs byte for byte", () => {
    expect(signToken(input, ring)).toBe(vectors.signed);
    expect(signToken({ ...input, json: vectors.with_metadata.body }, ring)).toBe(
      vectors.with_metadata.signed,
    );
  });
  it("signs under other secrets byte for byte", () => {
    const second = createKeyRing([hex(vectors.second_key.ikm_hex)], vectors.cookie_name);
    expect(second.newest.kid.toString(16)).toBe(vectors.second_key.kid_hex);
    expect(signToken(input, second)).toBe(vectors.second_key.signed);
    const text = createKeyRing([Buffer.from(vectors.text_secret.secret)], vectors.cookie_name);
    expect(signToken(input, text)).toBe(vectors.text_secret.signed);
  });
  it("signs sessions with a lifetime of their own byte for byte", () => {
    for (const { body, exp, signed } of vectors.own_lifetimes) {
      expect(signToken({ ...input, json: body, exp }, ring)).toBe(signed);
    }
  });
  it("encrypts byte for byte", () => {
    const fixed = { salt: hex(sealed.salt_hex), nonce: hex(sealed.nonce_hex) };
    expect(encryptToken(input, ring, "session", fixed)).toBe(sealed.session);
    expect(encryptToken(ticket, ring, "ticket", fixed)).toBe(sealed.ticket);
  });
  it.each(["signed", "encrypted"])("opens a token that is %s", (kind) => {
    const encrypted = kind === "encrypted";
    const token = encrypted ? sealed.session : vectors.signed;
    expect(openToken(token, ring, both)).toEqual({ ...input, keyIndex: 0, encrypted });
  });
  it("opens encrypted tokens of the previous kind, which had a key each", () => {
    expect(openToken(vectors.encrypted, ring, both)).toEqual({
      ...input,
      keyIndex: 0,
      encrypted: true,
    });
    expect(openToken(vectors.ticket.value, ring, both, "ticket")).toMatchObject(ticket);
    expect(openToken(vectors.ticket.value, ring, both)).toBe("mac");
  });
});

describe("WebCrypto, written from docs/token.md alone", () => {
  const lp = (part: string | Uint8Array) => {
    const bytes = Buffer.from(part);
    return [bytes.length >> 8, bytes.length & 255, ...bytes];
  };

  async function derive(salt: Uint8Array<ArrayBuffer>, use: string) {
    const raw = hex(vectors.ikm_hex);
    const secret = await subtle.importKey("raw", raw, "HKDF", false, ["deriveBits"]);
    const about = ["galleta/v1", use, vectors.cookie_name as string].flatMap(lp);
    const derivation = { name: "HKDF", hash: "SHA-256", salt, info: Buffer.from(about) };
    return Buffer.from(await subtle.deriveBits(derivation, secret, 256));
  }

  /** Opens a token of kind F. */
  async function open(token: string, prefix: string) {
    const bytes = Buffer.from(token, "base64url");
    const [salt, nonce] = [bytes.subarray(18, 30), bytes.subarray(30, 42)];
    const [message, mac] = [bytes.subarray(0, -32), bytes.subarray(-32)];
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const macKey = await derive(new Uint8Array(), `${prefix}seal`);
    const verifier = await subtle.importKey("raw", macKey, hmac, false, ["verify"]);
    expect(await subtle.verify("HMAC", verifier, mac, message)).toBe(true);
    const aesKey = await derive(salt, `${prefix}epoch`);
    const key = await subtle.importKey("raw", aesKey, "AES-CTR", false, ["decrypt"]);
    const counter = Buffer.concat([nonce, Buffer.alloc(4)]);
    const cipher = { name: "AES-CTR", counter, length: 32 };
    const content = Buffer.from(await subtle.decrypt(cipher, key, message.subarray(42)));
    const times = [6, 10, 14].map((at) => bytes.readUInt32BE(at));
    const sid = content.subarray(0, 16).toString("base64url");
    const keys = [macKey.toString("hex"), aesKey.toString("hex")];
    const json = content.subarray(20).toString();
    return { keys, opened: { times, sid, rev: content.readUInt32BE(16), json } };
  }

  it.each([
    ["session", "", input, [sealed.mac_key_hex, sealed.aes_key_hex]],
    ["ticket", "ticket-", ticket, [sealed.ticket_mac_key_hex, sealed.ticket_aes_key_hex]],
  ] as const)(
    "opens the vector of a %s, and tokens of any size that we encrypt now",
    async (use, prefix, given, keys) => {
      const { sid, rev, json, born, iat, exp } = given;
      const said = { times: [born, iat, exp], sid, rev, json };
      expect(await open(sealed[use], prefix)).toEqual({ keys, opened: said });
      for (const size of [0, 1, 11, 12, 13, 28, 235, 236, 237, 4076, 4077, 9000]) {
        const long = { ...given, json: "x".repeat(size) };
        const { opened } = await open(encryptToken(long, ring, use), prefix);
        expect(opened).toEqual({ ...said, json: long.json });
      }
    },
  );
});

it("opens a token of 16,384 characters, and no longer one", () => {
  const longest = signToken({ ...input, json: "j".repeat(12_218) }, ring);
  expect(longest).toHaveLength(16_384);
  expect(openToken(longest, ring, both)).toMatchObject({ sid: input.sid });
  expect(openToken(signToken({ ...input, json: "j".repeat(12_219) }, ring), ring, both)).toBe(
    "length",
  );
});

it("derives one key for all tokens of an epoch", () => {
  const reader = createKeyRing([hex(vectors.ikm_hex)], vectors.cookie_name);
  for (let n = 0; n < 3; n += 1) {
    expect(openToken(encryptToken(input, ring), reader, both)).toMatchObject({ encrypted: true });
  }
  expect(reader.newest.encryption.session.epochs.size).toBe(1);
});

it("derives no key from a salt before the MAC is verified", () => {
  const reader = createKeyRing([hex(vectors.ikm_hex)], vectors.cookie_name);
  const bytes = Buffer.from(sealed.session, "base64url");
  bytes[20]! ^= 1;
  expect(openToken(bytes.toString("base64url"), reader, both)).toBe("mac");
  expect(reader.newest.encryption.session.epochs.size).toBe(0);
});

it("says that the content of a previous token was changed", () => {
  const bytes = Buffer.from(vectors.encrypted, "base64url");
  bytes[bytes.length - 1]! ^= 1;
  expect(openToken(bytes.toString("base64url"), ring, both)).toBe("decryption");
});

describe("looksLikeToken", () => {
  it("accepts a token of any key", () => {
    const ids = new Set<number>();
    for (let i = 0; i < 64; i += 1) {
      const each = createKeyRing([Buffer.from(`key number ${i}`)], "session");
      ids.add(each.newest.kid >>> 30);
      expect(looksLikeToken(signToken(input, each))).toBe(true);
      expect(looksLikeToken(encryptToken(input, each))).toBe(true);
    }
    expect(ids.size).toBe(4);
    expect(looksLikeToken(vectors.encrypted)).toBe(true);
  });
  it("rejects everything else", () => {
    for (const value of ["", "UwA", `UwE${"A".repeat(80)}`, `eyJ${"A".repeat(80)}`]) {
      expect(looksLikeToken(value)).toBe(false);
    }
  });
  it("rejects a token with something before or behind it, and a shorter one", () => {
    const token = signToken(input, ring);
    for (const value of [`${token}=`, `${token}\n`, `${token}.x`, ` ${token}`, `x${token}`]) {
      expect(looksLikeToken(value)).toBe(false);
    }
    expect(looksLikeToken(`UwA${"A".repeat(69)}`)).toBe(true);
    expect(looksLikeToken(`UwA${"A".repeat(68)}`)).toBe(false);
  });
});

describe("JSON of more than a cookie holds", () => {
  // Three bytes for each character: the room is counted in characters and filled with bytes.
  const json = JSON.stringify({ text: "€".repeat(6000) });

  it("is signed whole", () => {
    const bytes = Buffer.from(signToken({ ...input, json }, ring), "base64url");
    const signed = bytes.subarray(0, -32);
    expect(signed.subarray(18 + 20).toString()).toBe(json);
    const padded = Buffer.concat([Buffer.alloc(64), signed]);
    expect(bytes.subarray(-32)).toEqual(ring.newest.mac(padded));
  });

  // Without one ASCII character no spare byte is left for the id, the revision and the tag.
  it.each([json, "€".repeat(6000)])("is encrypted whole", (text) => {
    const bytes = Buffer.from(encryptToken({ ...input, json: text }, ring), "base64url");
    expect(bytes).toHaveLength(18 + 12 + 12 + 20 + Buffer.byteLength(text) + 32);
  });
});
