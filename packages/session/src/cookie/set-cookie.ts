/** A cookie's attributes, under the names that cookie jars of frameworks use. */
export interface SetCookieAttributes {
  readonly path: string;
  readonly domain?: string;
  /**
   * The cookie's lifetime in seconds; 0 deletes it. Without this the cookie lasts until the browser
   * closes.
   */
  readonly maxAge?: number;
  readonly expires?: Date;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: "lax" | "strict" | "none";
  readonly partitioned: boolean;
}

/** A cookie to set, split into name, value and attributes. */
export interface SetCookie {
  readonly name: string;
  /** The cookie's value, already encoded. A framework's cookie jar must not encode it again. */
  readonly value: string;
  readonly attributes: SetCookieAttributes;
}

/** Splits a Set-Cookie value that Galleta made into its parts (RFC 6265bis §4.1). */
export function parseSetCookie(line: string): SetCookie {
  const [pair, ...rest] = line.split("; ") as [string, ...string[]];
  const at = pair.indexOf("=");
  const given = new Map(rest.map((text) => cut(text)));
  const [maxAge, expires, domain] = ["max-age", "expires", "domain"].map((name) => given.get(name));
  return {
    name: pair.slice(0, at),
    value: pair.slice(at + 1),
    attributes: {
      path: given.get("path")!,
      ...(domain !== undefined && { domain }),
      ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      ...(expires !== undefined && { expires: new Date(expires) }),
      secure: given.has("secure"),
      httpOnly: given.has("httponly"),
      sameSite: given.get("samesite")?.toLowerCase() as SetCookieAttributes["sameSite"],
      partitioned: given.has("partitioned"),
    },
  };
}

function cut(attribute: string): [name: string, value: string] {
  const [name, ...value] = attribute.split("=") as [string, ...string[]];
  return [name.toLowerCase(), value.join("=")];
}
