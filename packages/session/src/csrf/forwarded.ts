/** One hop of a `Forwarded` header: its parameters, by their name in lower case. */
export type ForwardedElement = ReadonlyMap<string, string>;

const COMMA = 44;
const SEMICOLON = 59;
const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Reads a `Forwarded` header (RFC 7239 §4): elements by commas, parameters by semicolons, values
 * as tokens or quoted strings. White space around commas and semicolons is accepted, around `=`
 * it is not. A parameter may stand once in an element. Empty elements are skipped, as RFC 9110
 * §5.6.1 asks. Takes linear time.
 *
 * @returns the elements from the client's side to ours, or `undefined` where any part of the
 * header is malformed: an unclosed quote on the client's side must not hide what a proxy added.
 * Never throws.
 *
 * @example
 * ```ts
 * parseForwarded('for=192.0.2.60;proto=https;host="example.com:8443"')?.[0]?.get("host");
 * // "example.com:8443"
 * ```
 */
export function parseForwarded(header: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let element = new Map<string, string>();
  let sawSemicolon = false;
  let at = 0;
  for (;;) {
    at = skipSpace(header, at);
    const nameEnd = skipToken(header, at);
    if (nameEnd > at) {
      const name = header.slice(at, nameEnd).toLowerCase();
      if (header.charCodeAt(nameEnd) !== EQUALS || element.has(name)) return undefined;
      const value = readValue(header, nameEnd + 1);
      if (value === undefined) return undefined;
      element.set(name, value.text);
      at = skipSpace(header, value.end);
    }
    if (at < header.length && header.charCodeAt(at) === SEMICOLON) {
      sawSemicolon = true;
      at++;
      continue;
    }
    if (at < header.length && header.charCodeAt(at) !== COMMA) return undefined;
    if (element.size > 0 || sawSemicolon) elements.push(element);
    if (at >= header.length) return elements;
    element = new Map();
    sawSemicolon = false;
    at++;
  }
}

interface Value {
  readonly text: string;
  /** The position after it. */
  readonly end: number;
}

function readValue(header: string, start: number): Value | undefined {
  if (header.charCodeAt(start) === QUOTE) return readQuoted(header, start + 1);
  const end = skipToken(header, start);
  return end === start ? undefined : { text: header.slice(start, end), end };
}

function readQuoted(header: string, start: number): Value | undefined {
  let text = "";
  let from = start;
  for (let at = start; at < header.length; at++) {
    const code = header.charCodeAt(at);
    if (code === QUOTE) return { text: text + header.slice(from, at), end: at + 1 };
    if (code === BACKSLASH) {
      text += header.slice(from, at);
      at++;
      from = at;
    }
    if (!isText(header.charCodeAt(at))) return undefined;
  }
  return undefined;
}

/** HTAB, SP, VCHAR and obs-text of RFC 9110: no control characters. */
function isText(code: number): boolean {
  return code === 9 || (code >= 32 && code <= 126) || (code >= 128 && code <= 255);
}

function skipSpace(header: string, from: number): number {
  let at = from;
  while (at < header.length && (header.charCodeAt(at) === 32 || header.charCodeAt(at) === 9)) at++;
  return at;
}

function skipToken(header: string, from: number): number {
  let at = from;
  while (at < header.length && TOKEN[header.charCodeAt(at)] === 1) at++;
  return at;
}

// tchar of RFC 9110 §5.6.2.
const TOKEN = new Uint8Array(128);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[char.charCodeAt(0)] = 1;
}
