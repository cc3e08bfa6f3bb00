/** Bytes of a token's header: exactly 24 characters in base64url. */
export const HEADER_BYTES = 18;
/** `exp` of a token without an expiry. */
export const NEVER = 0xffff_ffff;

/** First byte of a signed token: 'S'. */
export const SIGNED = 0x53;
/** First byte of an encrypted token: 'F'. */
export const ENCRYPTED = 0x46;
/**
 * First byte of an encrypted token of the previous kind, which is accepted but no longer issued:
 * 'E'.
 */
export const PREVIOUS = 0x45;

/** Seconds since 1970 when the session began, and when the token was issued and expires. */
export interface Times {
  readonly born: number;
  readonly iat: number;
  readonly exp: number;
}
