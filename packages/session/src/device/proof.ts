import { Buffer } from "node:buffer";
import { verify, type KeyObject } from "node:crypto";
import { importKey, readDeviceKey, type DeviceAlgorithm, type DeviceKey } from "./jwk.ts";

/**
 * The reason why a device's proof was rejected. The reason appears only in events, not in the
 * response.
 */
export type ProofFault =
  | "proof-malformed"
  | "proof-type"
  | "proof-algorithm"
  | "proof-key"
  | "proof-signature"
  | "proof-subject"
  | "proof-audience"
  | "proof-time";

/** The values that a device's proof must match. */
export interface Expected {
  readonly algorithms: readonly DeviceAlgorithm[];
  /**
   * The key that the session is bound to; `undefined` for a registration, whose proof contains the
   * key.
   */
  readonly key?: DeviceKey | undefined;
  /** The identifier of the session. If the proof has the claim `sub`, both must be equal. */
  readonly subject?: string | undefined;
  /** True if a proof with this `aud` is meant for this server. */
  readonly isAudience: (audience: string) => boolean;
  /** The current time, in seconds since 1970. */
  readonly now: number;
}

/** The content of a device's proof whose signature was verified. */
export interface Proof {
  readonly key: DeviceKey;
  /**
   * The challenge that the device signed. The caller must check that the server made this
   * challenge.
   */
  readonly challenge: string;
}

/**
 * The longest proof that is accepted, in characters. With an RSA key of 4096 bits, a proof has
 * about 1,700.
 */
const MAX_CHARACTERS = 4096;
/** How many seconds the clock of a device may be wrong. */
const DEVICE_SKEW = 600;

/**
 * Verifies a device's proof: a JWS (RFC 7515 §5.2) of type `dbsc+jwt`. The draft "Device Bound
 * Session Credentials" defines it. `aud`, `sub` and `iat` are checked if they are present: Chrome
 * sends `jti` and little else.
 *
 * @param jwt the value of `Secure-Session-Response`, without quotes
 */
export function verifyProof(jwt: string, expected: Expected): Proof | ProofFault {
  const parts = jwt.length <= MAX_CHARACTERS ? jwt.split(".") : [];
  const [head = "", body = "", signature = ""] = parts;
  const header = parseObject(head);
  if (parts.length !== 3 || header === undefined) return "proof-malformed";
  if (header["typ"] !== "dbsc+jwt") return "proof-type";
  const algorithm = expected.algorithms.find((name) => name === header["alg"]);
  // A JWS with a `crit` extension is invalid here, because none is supported (RFC 7515 §4.1.11).
  if (algorithm === undefined || "crit" in header) return "proof-algorithm";
  const key = keyFor(header, algorithm, expected.key);
  const imported = key && importKey(key);
  if (key === undefined || imported === undefined) return "proof-key";
  if (!isSigned(`${head}.${body}`, signature, algorithm, imported)) return "proof-signature";
  const claims = parseObject(body);
  const challenge = claims?.["jti"];
  if (claims === undefined || typeof challenge !== "string") return "proof-malformed";
  return faultOf(claims, expected) ?? { key, challenge };
}

/**
 * Returns the key that verifies a device's proof. A proof for a registration contains the key. A
 * proof for a refresh must not contain one, or its sender could choose the key.
 */
function keyFor(
  header: Readonly<Record<string, unknown>>,
  algorithm: DeviceAlgorithm,
  known: DeviceKey | undefined,
): DeviceKey | undefined {
  if (known === undefined) return readDeviceKey(header["jwk"], algorithm);
  const isFit = known.kty === (algorithm === "ES256" ? "EC" : "RSA");
  return isFit && !("jwk" in header) ? known : undefined;
}

function isSigned(
  text: string,
  signature: string,
  algorithm: DeviceAlgorithm,
  key: KeyObject,
): boolean {
  const bytes = Buffer.from(signature, "base64url");
  if (bytes.toString("base64url") !== signature) return false;
  const how = algorithm === "ES256" ? { key, dsaEncoding: "ieee-p1363" as const } : { key };
  try {
    return verify("sha256", Buffer.from(text), how, bytes);
  } catch {
    return false;
  }
}

function faultOf(
  { sub, aud, iat }: Readonly<Record<string, unknown>>,
  { subject, isAudience, now }: Expected,
): ProofFault | undefined {
  if (sub !== undefined && subject !== undefined && sub !== subject) return "proof-subject";
  if (aud !== undefined && !(typeof aud === "string" && isAudience(aud))) return "proof-audience";
  // The draft's own example writes `iat` as a string.
  const issuedAt = typeof iat === "string" ? Number(iat) : iat;
  const isNear = typeof issuedAt === "number" && Math.abs(now - issuedAt) <= DEVICE_SKEW;
  return iat === undefined || isNear ? undefined : "proof-time";
}

function parseObject(part: string): Record<string, unknown> | undefined {
  const bytes = Buffer.from(part, "base64url");
  if (bytes.toString("base64url") !== part) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
