/**
 * The result if a `Cookie` header has two cookies of one name with different values: either one
 * could be the session's.
 */
export const AMBIGUOUS: unique symbol = Symbol("ambiguous");

/**
 * Finds one cookie in a `Cookie` header (RFC 6265 §4.2.1) without parsing the others. The value is
 * returned raw, without unquoting or decoding. Names are compared exactly, so `%5F_Host-session` is
 * not `__Host-session`, and a cookie without a name never matches.
 *
 * @returns the value; `undefined` if there is none; {@link AMBIGUOUS} if two differ. An empty value
 *   is ignored if there is another value
 */
export function findCookie(header: string, name: string): string | typeof AMBIGUOUS | undefined {
  let found: string | undefined;
  let at = header.indexOf(name);
  while (at !== -1) {
    const equals = at + name.length;
    let next = equals;
    if (header.charCodeAt(equals) === 0x3d) {
      let before = at - 1;
      while (isSpace(header, before)) before -= 1;
      // Only white space may stand between the start, or the previous semicolon, and the name.
      if (before < 0 || header.charCodeAt(before) === 0x3b) {
        let end = header.indexOf(";", equals);
        if (end === -1) end = header.length;
        // A value cannot contain a name-value pair, so the search continues after it.
        next = end;
        while (isSpace(header, end - 1)) end -= 1;
        const value = header.slice(equals + 1, end);
        if (found && value && found !== value) return AMBIGUOUS;
        found = value || (found ?? value);
      }
    }
    at = header.indexOf(name, next);
  }
  return found;
}

/**
 * Returns all values that a `Cookie` header has for one name, without duplicates and empty values.
 * Names are compared exactly, as in {@link findCookie}.
 */
export function findCookies(header: string, name: string): string[] {
  const values = new Set<string>();
  for (const pair of header.split(";")) {
    const value = findCookie(pair, name);
    if (typeof value === "string" && value !== "") values.add(value);
  }
  return [...values];
}

function isSpace(header: string, at: number): boolean {
  if (at < 0) return false;
  const code = header.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}
