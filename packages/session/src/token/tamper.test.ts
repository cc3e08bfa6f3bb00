// Changes a token in every small way, exhaustively. None is accepted.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyRing } from "./keys.ts";
import { encryptToken, MAX_TOKEN_CHARACTERS, openToken, signToken } from "./token.ts";

const vectors = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/galleta-v1.json", import.meta.url), "utf8"),
);
const ring = createKeyRing([Buffer.from(vectors.ikm_hex, "hex")], vectors.cookie_name);
const both = { signed: true, encrypted: true };
const input = {
  sid: Buffer.from(vectors.sid_hex, "hex").toString("base64url"),
  rev: 7,
  json: '{"user":"alice"}',
  born: 100,
  iat: 200,
  exp: 300,
};
// Three lengths of JSON, so that base64url ends with 0, 2 and 4 unused bits.
const jsons = ['{"a":1}', '{"a":12}', '{"a":123}'];
const tokens: [string, string][] = jsons.flatMap((json, i) => [
  [`signed ${i}`, signToken({ ...input, json }, ring)],
  [`encrypted ${i}`, encryptToken({ ...input, json }, ring)],
]);
tokens.push(["encrypted, of the previous kind", vectors.encrypted]);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const isRefused = (token: string) => typeof openToken(token, ring, both) === "string";
const accepted = (candidates: Iterable<string>) =>
  [...candidates].filter((candidate) => !isRefused(candidate));

describe.each(tokens)("%s", (_, token) => {
  const bytes = Buffer.from(token, "base64url");

  it("is accepted unchanged", () => {
    expect(isRefused(token)).toBe(false);
  });

  it("is rejected with any bit flipped", () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      if (!isRefused(changed.toString("base64url"))) expect.fail(`bit ${bit} is not protected`);
    }
  });

  it("is rejected with any character replaced", () => {
    for (let at = 0; at < token.length; at += 1) {
      for (const other of `${ALPHABET}+/= ."%\0\n\u0100\u0153`) {
        if (other === token[at]) continue;
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        if (!isRefused(changed)) expect.fail(`character ${at} may be ${JSON.stringify(other)}`);
      }
    }
  });

  it("is rejected with any part missing, at the end, the start or between", () => {
    for (let at = 0; at < token.length; at += 1) {
      const parts = [
        token.slice(0, at),
        token.slice(at + 1),
        token.slice(0, at) + token.slice(at + 1),
      ];
      expect(accepted(parts)).toEqual([]);
    }
    for (let at = 0; at < bytes.length; at += 1) {
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      expect(isRefused(without.toString("base64url"))).toBe(true);
    }
  });

  it("is rejected with anything added", () => {
    const additions = [...ALPHABET, ..."=+/ \t\n\r\0.%;,\u00e9"].flatMap((each) => [
      each,
      each.repeat(2),
      each.repeat(3),
      each.repeat(4),
    ]);
    for (const each of additions) {
      const added = [token + each, each + token, token.slice(0, 24) + each + token.slice(24)];
      expect(accepted(added)).toEqual([]);
    }
    expect(accepted([token + token, `${token};${token}`, `"${token}"`])).toEqual([]);
  });

  it("is rejected in any other spelling", () => {
    const padded = token + "=".repeat((4 - (token.length % 4)) % 4 || 4);
    const standard = token.replaceAll("-", "+").replaceAll("_", "/");
    const spellings = [
      padded,
      `${token}=`,
      ` ${token}`,
      `${token} `,
      encodeURIComponent(`${token}=`),
    ];
    if (standard !== token) spellings.push(standard);
    // Every value of the unused bits in the last character.
    const unused = (token.length * 6) % 8;
    const last = ALPHABET.indexOf(token.at(-1) ?? "");
    for (let bits = 1; bits < 1 << unused; bits += 1) {
      spellings.push(token.slice(0, -1) + ALPHABET[last | bits]);
    }
    expect(accepted(spellings)).toEqual([]);
    for (const each of spellings) expect(openToken(each, ring, both)).toBe("not-canonical");
  });

  it("is rejected with another version, flag or key id", () => {
    for (let value = 0; value < 256; value += 1) {
      for (const at of [0, 1, 2, 3, 4, 5]) {
        if (bytes[at] === value) continue;
        const changed = Buffer.from(bytes);
        changed[at] = value;
        expect(isRefused(changed.toString("base64url"))).toBe(true);
      }
    }
  });

  it("is rejected under another name, key or kind", () => {
    const secret = Buffer.from(vectors.ikm_hex, "hex");
    for (const name of ["session", `${vectors.cookie_name}.1`, vectors.cookie_name.toLowerCase()]) {
      expect(openToken(token, createKeyRing([secret], name), both)).toBe("mac");
    }
    for (let bit = 0; bit < secret.length * 8; bit += 1) {
      const other = Buffer.from(secret);
      other[bit >> 3]! ^= 1 << (bit & 7);
      const foreign = createKeyRing([other], vectors.cookie_name);
      expect(openToken(token, foreign, both)).toBe("key");
    }
    const kind =
      bytes[0] === 0x53 ? { signed: false, encrypted: true } : { signed: true, encrypted: false };
    expect(openToken(token, ring, kind)).toBe("version");
    expect(openToken(token, ring, { signed: false, encrypted: false })).toBe("version");
  });
});

describe("a token of one use", () => {
  it("is rejected for another use", () => {
    const session = encryptToken(input, ring, "session");
    const ticket = encryptToken(input, ring, "ticket");
    expect(openToken(session, ring, both, "ticket")).toBe("mac");
    expect(openToken(ticket, ring, both, "session")).toBe("mac");
    expect(openToken(ticket, ring, both)).toBe("mac");
    expect(openToken(ticket, ring, both, "ticket")).toMatchObject(input);
  });

  it("is rejected as a ticket if it is a signed session", () => {
    const only = { signed: false, encrypted: true };
    expect(openToken(signToken(input, ring), ring, only, "ticket")).toBe("version");
  });
});

describe("the parts of two genuine tokens", () => {
  it("make no third one", () => {
    const other = { ...input, json: '{"user":"carol"}', rev: 8 };
    const seal = (content: typeof input, byte: number) => {
      const fixed = { salt: Buffer.alloc(12, byte), nonce: Buffer.alloc(12, byte) };
      return Buffer.from(encryptToken(content, ring, "session", fixed), "base64url");
    };
    const pair = [seal(input, 1), seal(other, 2)];
    // header, salt, nonce, ciphertext, MAC
    const cuts = [0, 18, 30, 42, pair[0]!.length - 32, pair[0]!.length];
    for (let choice = 0; choice < 32; choice += 1) {
      const parts = cuts.slice(1).map((end, i) => pair[(choice >> i) & 1]!.subarray(cuts[i], end));
      // The headers are equal. So the first bit of the choice changes nothing.
      const isGenuine = choice >> 1 === 0 || choice >> 1 === 15;
      expect(isRefused(Buffer.concat(parts).toString("base64url"))).toBe(!isGenuine);
    }
  });
});

describe("a token that the key itself sealed", () => {
  const macKey = Buffer.from(vectors.sealed.mac_key_hex, "hex");
  const seal = (change: (head: Buffer) => void, cut = 0, key = macKey) => {
    const token = Buffer.from(encryptToken({ ...input, json: "{}" }, ring), "base64url");
    const body = token.subarray(0, token.length - 32 - cut);
    change(body);
    const mac = createHmac("sha256", key).update(body).digest();
    return openToken(Buffer.concat([body, mac]).toString("base64url"), ring, both);
  };
  const nothing = () => undefined;

  it("is accepted unchanged", () => {
    expect(seal(nothing)).toMatchObject({ ...input, json: "{}", encrypted: true });
  });
  it("is rejected with any flag set", () => {
    for (let flags = 1; flags < 256; flags += 1) {
      expect(seal((body) => body.writeUInt8(flags, 1))).toBe("flags");
    }
  });
  it("is rejected as a signed one, and with the key of signed ones", () => {
    expect(seal((body) => body.writeUInt8(0x53, 0))).toBe("mac");
    expect(seal(nothing, 0, Buffer.from(vectors.sign_key_hex, "hex"))).toBe("mac");
    const ticketKey = Buffer.from(vectors.sealed.ticket_mac_key_hex, "hex");
    expect(seal(nothing, 0, ticketKey)).toBe("mac");
  });
  it("needs an id and a revision, but may have empty JSON", () => {
    expect(seal(nothing, 2)).toMatchObject({ json: "" });
    for (let cut = 3; cut < 30; cut += 1) expect(seal(nothing, cut)).toBe("length");
  });
});

describe("a token that the key itself signed", () => {
  const signKey = Buffer.from(vectors.sign_key_hex, "hex");
  const sign = (change: (head: Buffer) => void, json = '{"a":1}', cut = 0) => {
    const token = Buffer.from(signToken({ ...input, json }, ring), "base64url");
    const body = token.subarray(0, token.length - 32 - cut);
    change(body);
    const mac = createHmac("sha256", signKey).update(body).digest();
    return Buffer.concat([body, mac]).toString("base64url");
  };

  it("is accepted unchanged", () => {
    expect(
      openToken(
        sign(() => undefined),
        ring,
        both,
      ),
    ).toMatchObject({ json: '{"a":1}' });
  });
  it("is rejected with any flag set", () => {
    for (let flags = 1; flags < 256; flags += 1) {
      expect(
        openToken(
          sign((body) => body.writeUInt8(flags, 1)),
          ring,
          both,
        ),
      ).toBe("flags");
    }
  });
  it("is rejected with an unknown version", () => {
    for (let version = 0; version < 256; version += 1) {
      if (version === 0x53) continue;
      expect(isRefused(sign((body) => body.writeUInt8(version, 0)))).toBe(true);
    }
  });
  it("is rejected with an unknown key id", () => {
    expect(
      openToken(
        sign((body) => body.writeUInt32BE(1, 2)),
        ring,
        both,
      ),
    ).toBe("key");
  });
  it("needs an id and a revision, but may have empty JSON", () => {
    expect(
      openToken(
        sign(() => undefined, "{}", 2),
        ring,
        both,
      ),
    ).toMatchObject({ json: "" });
    for (let cut = 3; cut < 30; cut += 1) {
      expect(
        openToken(
          sign(() => undefined, "{}", cut),
          ring,
          both,
        ),
      ).toBe("length");
    }
  });
});

describe("length", () => {
  it("is checked before anything is decoded", () => {
    expect(openToken("", ring, both)).toBe("length");
    expect(openToken("U".repeat(23), ring, both)).toBe("length");
    expect(openToken("U".repeat(MAX_TOKEN_CHARACTERS + 1), ring, both)).toBe("length");
    expect(openToken("U".repeat(1 << 24), ring, both)).toBe("length");
    expect(isRefused("U".repeat(MAX_TOKEN_CHARACTERS))).toBe(true);
  });

  it("may be up to four cookies", () => {
    const json = JSON.stringify({ a: "x".repeat(12_200) });
    for (const token of [
      signToken({ ...input, json }, ring),
      encryptToken({ ...input, json }, ring),
    ]) {
      if (token.length <= MAX_TOKEN_CHARACTERS) {
        expect(openToken(token, ring, both)).toMatchObject({ json });
      } else expect(openToken(token, ring, both)).toBe("length");
    }
  });

  it("does not leak from a long token into a short one", () => {
    const long = signToken({ ...input, json: JSON.stringify("x".repeat(5000)) }, ring);
    const short = signToken(input, ring);
    expect(openToken(long, ring, both)).toMatchObject({ rev: 7 });
    expect(openToken(short, ring, both)).toMatchObject(input);
  });
});

it("any text comes out as it went in", () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const sid = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      sid,
      u32,
      u32,
      u32,
      u32,
      (json, id, rev, born, iat, exp) => {
        const given = { sid: Buffer.from(id).toString("base64url"), rev, json, born, iat, exp };
        expect(openToken(signToken(given, ring), ring, both)).toEqual({
          ...given,
          keyIndex: 0,
          encrypted: false,
        });
        expect(openToken(encryptToken(given, ring), ring, both)).toEqual({
          ...given,
          keyIndex: 0,
          encrypted: true,
        });
      },
    ),
  );
});

it("encrypts the same content differently each time", () => {
  const made = Array.from({ length: 100 }, () => encryptToken(input, ring));
  // The header and the salt are equal in all tokens of an epoch. The nonce differs.
  expect(new Set(made.map((token) => token.slice(0, 40))).size).toBe(1);
  expect(new Set(made.map((token) => token.slice(40, 56))).size).toBe(100);
  expect(new Set(made.map((token) => token.slice(56, 80))).size).toBe(100);
});
