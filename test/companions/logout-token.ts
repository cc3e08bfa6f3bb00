// Logout tokens (OpenID Connect Back-Channel Logout 1.0), right and wrong.
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from "node:crypto";

const EVENTS = { "http://schemas.openid.net/event/backchannel-logout": {} };
const RS256 = { alg: "RS256", kid: "k1", typ: "logout+jwt" };
const now = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

export interface Forged {
  readonly header?: object;
  readonly claims?: Record<string, unknown>;
  readonly key?: KeyObject;
}

/** Returns a function that makes a logout token of a provider, right unless something is forged. */
export const tokenMaker =
  (issuer: string, privateKey: KeyObject) =>
  (sid: string, { header = {}, claims = {}, key = privateKey }: Forged): string => {
    const genuine = {
      iss: issuer,
      aud: "lax",
      sub: "gil",
      sid,
      jti: randomUUID(),
      events: EVENTS,
    };
    const payload = { ...genuine, iat: now(), exp: now() + 120, ...claims };
    const signed = `${encode({ ...RS256, ...header })}.${encode(payload)}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
  };

const { privateKey: foreignKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Tokens with one thing wrong. */
export const REFUSED: [what: string, forged: () => Forged][] = [
  ["signed by another key", () => ({ key: foreignKey })],
  ["without a signature", () => ({ header: { alg: "none" } })],
  ["of another provider", () => ({ claims: { iss: "https://evil.example" } })],
  ["for another app", () => ({ claims: { aud: "strict" } })],
  ["that is an ID token", () => ({ header: { typ: "JWT" } })],
  ["without the event", () => ({ claims: { events: {} } })],
  ["without events", () => ({ claims: { events: undefined } })],
  ["with a nonce", () => ({ claims: { nonce: "n" } })],
  ["without iat", () => ({ claims: { iat: undefined } })],
  ["ten minutes old", () => ({ claims: { iat: now() - 600 } })],
  ["from the future", () => ({ claims: { iat: now() + 600, exp: now() + 900 } })],
  ["past its end", () => ({ claims: { exp: now() - 60 } })],
  ["without jti", () => ({ claims: { jti: undefined } })],
  ["without sid and sub", () => ({ claims: { sid: undefined, sub: undefined } })],
];
