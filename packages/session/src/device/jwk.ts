import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";

/** The algorithms that a device may sign proofs with (RFC 7518 §3.1). */
export type DeviceAlgorithm = "ES256" | "RS256";

/** The public key of a device: the members that form its thumbprint (RFC 7638 §3.2). */
export type DeviceKey =
  | { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string }
  | { readonly kty: "RSA"; readonly e: string; readonly n: string };

const COORDINATE = /^[\w-]{43}$/;
// 2048 to 4096 bits. Shorter keys can be factored; longer ones only cost time.
const MODULUS = /^[\w-]{342,683}$/;
const EXPONENT = /^[\w-]{1,6}$/;

/**
 * Reads the public key from a JWK (RFC 7517) for the given algorithm.
 *
 * @returns `undefined` for any other key, and for a key with a private part
 */
export function readDeviceKey(jwk: unknown, algorithm: DeviceAlgorithm): DeviceKey | undefined {
  if (typeof jwk !== "object" || jwk === null || "d" in jwk) return undefined;
  const { kty, crv, x, y, e, n } = jwk as Record<string, unknown>;
  if (algorithm === "ES256") {
    const isFit =
      kty === "EC" && crv === "P-256" && matches(COORDINATE, x) && matches(COORDINATE, y);
    return isFit ? { kty, crv, x, y } : undefined;
  }
  const isFit = kty === "RSA" && matches(EXPONENT, e) && matches(MODULUS, n);
  return isFit ? { kty, e, n } : undefined;
}

function matches(pattern: RegExp, value: unknown): value is string {
  return typeof value === "string" && pattern.test(value);
}

/** Computes the SHA-256 thumbprint of a key (RFC 7638), 43 characters of base64url. */
export function thumbprint(key: DeviceKey): string {
  // The members of a DeviceKey are already in the order that RFC 7638 requires.
  const { kty } = key;
  const members =
    kty === "EC" ? { crv: key.crv, kty, x: key.x, y: key.y } : { e: key.e, kty, n: key.n };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

/**
 * Imports a key, so that it can verify signatures.
 *
 * @returns `undefined` if the numbers in the key are not a point on the curve, or not a valid
 *   modulus
 */
export function importKey(key: DeviceKey): KeyObject | undefined {
  try {
    return createPublicKey({ key: key as JsonWebKey, format: "jwk" });
  } catch {
    return undefined;
  }
}

/**
 * Makes the identifier that a browser keeps for a device-bound session and sends with each refresh.
 * The identifier is the device's public key, so the session itself only has to keep the key's
 * thumbprint (43 characters) to verify it.
 */
export function identifierOf(key: DeviceKey): string {
  return key.kty === "EC" ? `ES256.${key.x}.${key.y}` : `RS256.${key.e}.${key.n}`;
}

/** Reads the key from an identifier; `undefined` if {@link identifierOf} did not make it. */
export function keyOfIdentifier(identifier: string): DeviceKey | undefined {
  const [algorithm, first, second, ...more] = identifier.split(".");
  if (more.length > 0) return undefined;
  if (algorithm === "ES256") {
    return readDeviceKey({ kty: "EC", crv: "P-256", x: first, y: second }, algorithm);
  }
  if (algorithm !== "RS256") return undefined;
  return readDeviceKey({ kty: "RSA", e: first, n: second }, algorithm);
}
