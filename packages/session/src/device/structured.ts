// Reads and writes strings in headers (sf-string, RFC 9651 §3.3.3), as the draft "Device Bound
// Session Credentials" uses them.

/**
 * Reads a header that is an sf-string. Parameters are ignored, as the draft requires. A value
 * without quotes is accepted, because early browsers sent that.
 */
export function readText(header: string | undefined): string | undefined {
  const value = header?.trim();
  if (value === undefined || value === "") return undefined;
  if (!value.startsWith('"')) return /^[\x21-\x7e]+$/.test(value) ? value : undefined;
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/.exec(value)?.[1];
  return quoted?.replaceAll(/\\(["\\])/g, "$1");
}

/** Writes a text as an sf-string. */
export function writeText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
