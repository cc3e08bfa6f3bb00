/**
 * One element of a `Forwarded` header, which one proxy wrote: the parameters, by name in lower
 * case.
 */
export type ForwardedElement = ReadonlyMap<string, string>;

// One parameter, or none, and the separator after it. A name is a token (RFC 9110 §5.6.2); a value
// is a token or a quoted string of HTAB, SP, VCHAR and obs-text (§5.6.4). No part can match in two
// ways, so a match or a failure takes linear time.
const PARAMETER =
  /[\t ]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"([\t !#-[\]-~\x80-\xff]*(?:\\[\t -~\x80-\xff][\t !#-[\]-~\x80-\xff]*)*)")[\t ]*)?([;,]|$)/y;

/**
 * Reads a `Forwarded` header (RFC 7239 §4): elements separated by commas, parameters by semicolons,
 * values as tokens or quoted strings. White space is accepted around commas and semicolons, but not
 * around `=`. A parameter may occur once in an element. Empty elements are skipped, as RFC 9110
 * §5.6.1 asks. Takes linear time.
 *
 * @returns the elements, from the client's side to this server's, or `undefined` if any part of the
 *   header is malformed: an unclosed quote on the client's side must not hide what a proxy added.
 *   Never throws.
 * @example
 * ```ts
 * parseForwarded('for=192.0.2.60;proto=https;host="example.com:8443"')?.[0]?.get("host");
 * // "example.com:8443"
 * ```
 */
export function parseForwarded(header: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let element: Map<string, string> | undefined;
  PARAMETER.lastIndex = 0;
  for (;;) {
    const [, name, token, quoted, separator] = PARAMETER.exec(header) ?? [];
    if (separator === undefined) return undefined;
    if (name !== undefined || separator === ";") element ??= new Map();
    if (name !== undefined) {
      const key = name.toLowerCase();
      if (element!.has(key)) return undefined;
      const text = token ?? quoted!;
      element!.set(key, text.includes("\\") ? text.replace(/\\(.)/g, "$1") : text);
    }
    if (separator === ";") continue;
    if (element !== undefined) elements.push(element);
    if (separator === "") return elements;
    element = undefined;
  }
}
