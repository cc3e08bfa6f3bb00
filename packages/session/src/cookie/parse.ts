/** Two cookies of one name with different values: nobody can tell which is the session. */
export const AMBIGUOUS: unique symbol = Symbol("ambiguous");

/**
 * Finds one cookie in a `Cookie` header (RFC 6265 §4.2.1) without parsing the others. The value is
 * as it stands there: nothing is unquoted or decoded, and names are compared exactly, so that
 * `%5F_Host-session` is not `__Host-session` and a nameless cookie is nobody's.
 *
 * @returns the value; `undefined` where there is none; {@link AMBIGUOUS} where two differ
 */
export function findCookie(header: string, name: string): string | typeof AMBIGUOUS | undefined {
  let found: string | undefined;
  let at = header.indexOf(name);
  while (at !== -1) {
    const equals = at + name.length;
    if (header.charCodeAt(equals) === 0x3d && startsPair(header, at)) {
      const semicolon = header.indexOf(";", equals);
      const value = trimEnd(header, equals + 1, semicolon === -1 ? header.length : semicolon);
      if (found !== undefined && found !== value) return AMBIGUOUS;
      found = value;
    }
    at = header.indexOf(name, equals);
  }
  return found;
}

/** Whether only white space lies between `at` and the semicolon, or the start, before it. */
function startsPair(header: string, at: number): boolean {
  for (let i = at - 1; i >= 0; i -= 1) {
    const code = header.charCodeAt(i);
    if (code === 0x3b) return true;
    if (code !== 0x20 && code !== 0x09) return false;
  }
  return true;
}

function trimEnd(header: string, start: number, end: number): string {
  let last = end;
  while (
    last > start &&
    (header.charCodeAt(last - 1) === 0x20 || header.charCodeAt(last - 1) === 9)
  ) {
    last -= 1;
  }
  return header.slice(start, last);
}
