import { Buffer } from "node:buffer";
import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { identifierOf, keyOfIdentifier, readDeviceKey, thumbprint, type DeviceKey } from "./jwk.ts";
import { verifyProof, type Expected } from "./proof.ts";

interface Vectors {
  readonly now: number;
  readonly storedKey: DeviceKey;
  readonly cases: readonly {
    readonly name: string;
    readonly mode: "registration" | "refresh";
    readonly challenge: string;
    readonly sub?: string;
    readonly expected: "valid" | "refused";
    readonly jwt: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../../test/vectors/dbsc.json", import.meta.url), "utf8"),
) as Vectors;

const NOW = 1_800_000_000;
const expected: Expected = {
  algorithms: ["ES256", "RS256"],
  isAudience: (audience) => audience === "https://example.com/.galleta/device/refresh",
  now: NOW,
};

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function makeJwt(header: object, claims: object, key: KeyObject): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const how =
    key.asymmetricKeyType === "ec" ? { key, dsaEncoding: "ieee-p1363" as const } : { key };
  return `${text}.${sign("sha256", Buffer.from(text), how).toString("base64url")}`;
}

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ecJwk = ec.publicKey.export({ format: "jwk" });
const ecKey = readDeviceKey(ecJwk, "ES256")!;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const rsaJwk = rsa.publicKey.export({ format: "jwk" });
const HEADER = { typ: "dbsc+jwt", alg: "ES256" };
const CLAIMS = { jti: "challenge" };

describe("verifyProof, on proofs of another implementation", () => {
  test.each(vectors.cases)(
    "$name: $expected",
    ({ mode, challenge, sub, expected: outcome, jwt }) => {
      const proof = verifyProof(jwt, {
        ...expected,
        key: mode === "refresh" ? vectors.storedKey : undefined,
        subject: sub,
        now: vectors.now,
      });
      const isValid = typeof proof === "object" && proof.challenge === challenge;
      expect(isValid ? "valid" : "refused").toBe(outcome);
    },
  );

  test("recognises the stored key in the proof that registered it", () => {
    const [{ jwt }] = vectors.cases as unknown as [{ jwt: string }];
    expect(verifyProof(jwt, expected)).toMatchObject({ key: vectors.storedKey });
  });
});

describe("verifyProof", () => {
  test("accepts RS256 with a key of 2048 bits", () => {
    const jwt = makeJwt({ ...HEADER, alg: "RS256", jwk: rsaJwk }, CLAIMS, rsa.privateKey);
    expect(verifyProof(jwt, expected)).toMatchObject({ challenge: "challenge" });
  });

  test("accepts iat as text, as in the draft's example", () => {
    const jwt = makeJwt({ ...HEADER, jwk: ecJwk }, { ...CLAIMS, iat: `${NOW}` }, ec.privateKey);
    expect(verifyProof(jwt, expected)).toMatchObject({ challenge: "challenge" });
  });

  const { privateKey: weak, publicKey: weakPublic } = generateKeyPairSync("rsa", {
    modulusLength: 1024,
  });
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const unsigned = `${encode({ ...HEADER, alg: "none", jwk: ecJwk })}.${encode(CLAIMS)}.`;
  const hmacText = `${encode({ ...HEADER, alg: "HS256", jwk: ecJwk })}.${encode(CLAIMS)}`;
  const hmac = createHmac("sha256", JSON.stringify(ecJwk)).update(hmacText).digest("base64url");
  const good = makeJwt({ ...HEADER, jwk: ecJwk }, CLAIMS, ec.privateKey);
  const [head, , signature] = good.split(".") as [string, string, string];
  const privateJwk = ec.privateKey.export({ format: "jwk" });

  test.each<[why: string, fault: string, jwt: string]>([
    ["an empty text", "proof-malformed", ""],
    ["two parts", "proof-malformed", "a.b"],
    ["four parts", "proof-malformed", `${good}.x`],
    ["more than 4,096 characters", "proof-malformed", `${"a".repeat(4097)}.b.c`],
    ["a header that is an array", "proof-malformed", `${encode([])}.${encode({})}.x`],
    ["padding in a part", "proof-malformed", `${head}=.${encode(CLAIMS)}.${signature}`],
    ["the algorithm none", "proof-algorithm", unsigned],
    ["a MAC with the public key", "proof-algorithm", `${hmacText}.${hmac}`],
    [
      "a critical extension",
      "proof-algorithm",
      makeJwt({ ...HEADER, jwk: ecJwk, crit: ["b64"], b64: false }, CLAIMS, ec.privateKey),
    ],
    [
      "an RSA key of 1024 bits",
      "proof-key",
      makeJwt({ ...HEADER, alg: "RS256", jwk: weakPublic.export({ format: "jwk" }) }, CLAIMS, weak),
    ],
    [
      "a key of another curve",
      "proof-key",
      makeJwt(
        { ...HEADER, jwk: p384.publicKey.export({ format: "jwk" }) },
        CLAIMS,
        p384.privateKey,
      ),
    ],
    ["a private key", "proof-key", makeJwt({ ...HEADER, jwk: privateJwk }, CLAIMS, ec.privateKey)],
    [
      "a point that is not on the curve",
      "proof-key",
      makeJwt({ ...HEADER, jwk: { ...ecJwk, x: "A".repeat(43) } }, CLAIMS, ec.privateKey),
    ],
    [
      "a key of another algorithm than it names",
      "proof-key",
      makeJwt({ ...HEADER, alg: "RS256", jwk: ecJwk }, CLAIMS, ec.privateKey),
    ],
    [
      "a signature by another key",
      "proof-signature",
      makeJwt({ ...HEADER, jwk: ecJwk }, CLAIMS, other.privateKey),
    ],
    ["changed claims", "proof-signature", `${head}.${encode({ jti: "other" })}.${signature}`],
    ["no signature", "proof-signature", `${head}.${encode(CLAIMS)}.`],
    ["no challenge", "proof-malformed", makeJwt({ ...HEADER, jwk: ecJwk }, {}, ec.privateKey)],
    [
      "another audience",
      "proof-audience",
      makeJwt({ ...HEADER, jwk: ecJwk }, { ...CLAIMS, aud: "https://evil.example" }, ec.privateKey),
    ],
    [
      "a time an hour ago",
      "proof-time",
      makeJwt({ ...HEADER, jwk: ecJwk }, { ...CLAIMS, iat: NOW - 3600 }, ec.privateKey),
    ],
    [
      "a time that is no number",
      "proof-time",
      makeJwt({ ...HEADER, jwk: ecJwk }, { ...CLAIMS, iat: "soon" }, ec.privateKey),
    ],
  ])("denies a registration with %s", (_why, fault, jwt) => {
    expect(verifyProof(jwt, expected)).toBe(fault);
  });

  test.each<[why: string, fault: string, jwt: string]>([
    ["a key in its header", "proof-key", good],
    [
      "the other algorithm",
      "proof-key",
      makeJwt({ ...HEADER, alg: "RS256" }, CLAIMS, rsa.privateKey),
    ],
    ["another device's signature", "proof-signature", makeJwt(HEADER, CLAIMS, other.privateKey)],
    [
      "the identifier of another session",
      "proof-subject",
      makeJwt(HEADER, { ...CLAIMS, sub: "another" }, ec.privateKey),
    ],
  ])("denies a refresh with %s", (_why, fault, jwt) => {
    const subject = identifierOf(ecKey);
    expect(verifyProof(jwt, { ...expected, key: ecKey, subject })).toBe(fault);
  });

  test("denies an algorithm that the options leave out", () => {
    expect(verifyProof(good, { ...expected, algorithms: ["RS256"] })).toBe("proof-algorithm");
  });
});

describe("a device's key", () => {
  test("has the thumbprint of the example of RFC 7638", () => {
    const key: DeviceKey = {
      kty: "RSA",
      e: "AQAB",
      n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    };
    expect(thumbprint(key)).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  });

  test.each(["ES256", "RS256"] as const)("survives the way through its identifier: %s", (name) => {
    const key = readDeviceKey(name === "ES256" ? ecJwk : rsaJwk, name)!;
    expect(keyOfIdentifier(identifierOf(key))).toEqual(key);
  });

  test.each(["", "ES256", "ES256.a.b", `${identifierOf(ecKey)}.c`, "none.a.b"])(
    "is not found in %j",
    (identifier) => {
      expect(keyOfIdentifier(identifier)).toBeUndefined();
    },
  );
});
