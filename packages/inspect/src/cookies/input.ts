import { recognise } from "./recognise.ts";

/** One cookie in a pasted text. */
export interface CookieInput {
  /** The cookie's name; `undefined` if the text was only a value. */
  readonly name: string | undefined;
  readonly value: string;
  /** The cookie's attributes, if the text was a Set-Cookie header. */
  readonly attributes?: readonly string[];
}

/** The longest text that is searched for cookies, in characters. */
export const MAX_INPUT = 65_536;

const HEADER = /^(?:[<>*] ?)?(set-cookie2?|cookie)[ \t]*:[ \t]*(.*)$/i;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const ATTRIBUTE =
  /^(?:(?:path|domain|expires|max-age|samesite|priority)=.*|secure|httponly|partitioned)$/i;

/**
 * Finds the cookies in a text: a value, `name=value`, a `Cookie` or `Set-Cookie` header with or
 * without its name, or several lines of headers as `curl -i` prints them.
 */
export function readInput(text: string): CookieInput[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const headers = lines.map((line) => HEADER.exec(line)).filter((found) => found !== null);
  if (headers.length > 0) {
    return headers.flatMap(([, header = "", value = ""]) =>
      /^set/i.test(header) ? readSetCookie(value) : readPairs(value),
    );
  }
  const value = text.trim();
  // Base64 padding makes a value look like `name=value`, so the text is first tried as a bare
  // value.
  if (value === "" || recognise(value).length > 0) return value === "" ? [] : bare(value);
  const [first = "", ...others] = splitPairs(value);
  if (!isPair(first)) return bare(value);
  return others.some((part) => ATTRIBUTE.test(part)) ? readSetCookie(value) : readPairs(value);
}

const bare = (value: string): CookieInput[] => [{ name: undefined, value }];
const splitPairs = (text: string) => text.split(";").map((part) => part.trim());
const isPair = (part: string) => part.includes("=") && NAME.test(part.slice(0, part.indexOf("=")));

function readPair(part: string): { name: string; value: string } {
  const equals = part.indexOf("=");
  return { name: part.slice(0, equals), value: part.slice(equals + 1).trim() };
}

function readPairs(header: string): CookieInput[] {
  return splitPairs(header).filter(isPair).map(readPair);
}

function readSetCookie(header: string): CookieInput[] {
  const [first = "", ...attributes] = splitPairs(header);
  if (!isPair(first)) return [];
  return [{ ...readPair(first), attributes: attributes.filter((part) => part !== "") }];
}
