/** Bytes of the header of a token; exactly 24 characters in base64url. */
export const HEADER_BYTES = 18;
/** `exp` of a token that has no lifetime of its own. */
export const NEVER = 0xffff_ffff;

/** First byte of a token: 'S'. */
export const SIGNED = 0x53;
/** First byte of an encrypted token whose key serves an epoch: 'F'. */
export const ENCRYPTED = 0x46;
/** First byte of an encrypted token with a key of its own: 'E'. It is read, and not written. */
export const ENCRYPTED_ALONE = 0x45;

/** When a session began, when its token was issued, when that ends: seconds since 1970. */
export interface Times {
  readonly born: number;
  readonly iat: number;
  readonly exp: number;
}
