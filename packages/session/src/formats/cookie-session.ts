import { Buffer } from "node:buffer";
import { fromBase64url, toBase64url } from "../encoding.ts";
import type { FormatReading, SessionFormat } from "../session/format.ts";
import type { SecretKeys } from "../session/secret-keys.ts";
import { fromBase64, MAX_COOKIE_CHARS, reject, utf8 } from "./bounds.ts";
import { parseForeignObject } from "./json-read.ts";
import { writeForeignObject, type JsonStyle } from "./json-write.ts";
import { createSigner, DIGESTS, type Digest } from "./signer.ts";
import { oneOf } from "../validate.ts";
import { COOKIE_NAME, readFormatOptions, readKeys, type FormatRules } from "./format-options.ts";

/** Options of {@link cookieSession}. */
export interface CookieSessionOptions {
  /**
   * The option `secret` of cookie-session, or its list `keys`. The first key signs cookies; all
   * keys verify them.
   */
  secretKey: SecretKeys;
  /**
   * The option `name` of cookie-session. Default `"session"`. A second cookie, whose name ends in
   * `.sig`, contains the signature.
   */
  sessionCookie?: string | undefined;
  /**
   * The hash algorithm of the `Keygrip` that your app passes to cookie-session as `keys`. Default
   * `"sha1"`.
   */
  digest?: Digest | undefined;
}

const FORMAT = "cookie-session";
const RULES: FormatRules<CookieSessionOptions> = {
  sessionCookie: [COOKIE_NAME, "session"],
  digest: [oneOf(...DIGESTS), "sha1"],
};
const STYLE: JsonStyle = { numbers: "js" };

/**
 * Reads and writes the two cookies of Express' cookie-session. One contains the session's JSON in
 * base64, the other the HMAC that Keygrip makes over the first cookie's name and value.
 *
 * The cookies do not contain the time when they were written, so a copied cookie stays valid until
 * the key changes. This reader is stricter than cookie-session: data and signature must be
 * canonical base64 (RFC 4648 §3.5), and sizes are bounded.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY` if an option is wrong
 * @example
 * ```ts
 * const old = cookieSession({ secretKey: [THEIR_KEY, THEIR_OLD_KEY] });
 * createSessions({ secretKey, formats: [old] });
 * ```
 */
export function cookieSession(options: CookieSessionOptions): SessionFormat {
  const { sessionCookie: name, digest } = readFormatOptions(FORMAT, options, RULES);
  const keys = readKeys(FORMAT, options.secretKey).map((key) => Buffer.from(key, "utf8"));
  const signer = createSigner(digest, keys);
  const signatureName = `${name}.sig`;

  const open = (value: string, signature: string): FormatReading => {
    if (value.length + signature.length > MAX_COOKIE_CHARS) return reject("too-large");
    const mac = fromBase64url(signature);
    if (mac === undefined) return reject("not-canonical");
    const keyIndex = signer.verify(`${name}=${value}`, mac);
    if (keyIndex < 0) return reject("mac");
    const bytes = fromBase64(value);
    if (bytes === undefined) return reject("not-canonical");
    const data = parseForeignObject(utf8(bytes) ?? "", "js");
    return data === undefined ? reject("payload") : { ok: true, data, keyIndex };
  };

  return {
    name: FORMAT,
    cookieNames: [name, signatureName],
    read(cookies) {
      const value = cookies.get(name);
      return value === undefined ? undefined : open(value, cookies.get(signatureName) ?? "");
    },
    write(data) {
      const value = Buffer.from(writeForeignObject(data, STYLE)).toString("base64");
      const signature = toBase64url(signer.sign(`${name}=${value}`));
      return [
        { name, value },
        { name: signatureName, value: signature },
      ];
    },
  };
}
