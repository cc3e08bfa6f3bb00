// Reads and writes strings in headers (sf-string, RFC 9651 §3.3.3), as the draft "Device Bound
// Session Credentials" uses them.

/**
 * Reads a header that is a string in the sense of RFC 9651 §3.3.3. Parameters are ignored, as the
 * draft "Device Bound Session Credentials" requires. A value without quotes is accepted, because
 * early browsers sent that.
 *
 * @returns `undefined` if the header is missing or malformed
 */
export function readText(header: string | undefined): string | undefined {
  const value = header?.trim();
  if (value === undefined || value === "") return undefined;
  if (!value.startsWith('"')) return /^[\x21-\x7e]+$/.test(value) ? value : undefined;
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/.exec(value)?.[1];
  return quoted?.replaceAll(/\\(["\\])/g, "$1");
}

/** Writes a text as a string for a header, in quotes (RFC 9651 §3.3.3). */
export function writeText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
