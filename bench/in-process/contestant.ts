export type Kind = "signed" | "encrypted";

/** The application's data in a session, of the size that is measured. */
export interface Data {
  user: string;
  views: number;
}

/** What one library does for one request, from the Cookie header to the Set-Cookie. */
export interface Work {
  /** Reads `views` out of the cookie of user number `i`. */
  read(i: number): unknown;
  /** Raises `views` of user number `i`; the next time the user brings the new cookie. */
  write(i: number): unknown;
  /** The middleware runs and the session is not looked at. */
  untouched(i: number): unknown;
  /** Reads a cookie of which one character was changed. */
  tampered(i: number): unknown;
}

/** A library that takes part. */
export interface Contestant {
  readonly name: string;
  /** The package whose version is printed; none for what is part of Node. */
  readonly package?: string;
  readonly kinds: readonly Kind[];
  prepare(kind: Kind, data: Data): Promise<Work>;
}

/** A secret of 44 characters; every library gets the same. */
export const SECRET = "4uJxZ7Qm1vWc9Lr2Ks8Tn5Yb0Gd3Hf6Pa-Ei_Ox.Rw~V";
/** Users whose cookies take turns. */
export const USERS = 256;

/** Session data whose JSON has `bytes` bytes. */
export function dataOf(bytes: number): Data {
  const data: Data = { user: "", views: 1_000_000 };
  return { ...data, user: "u".repeat(bytes - JSON.stringify(data).length) };
}

/** A Cookie header as a browser sends it: there is always another cookie. */
export function header(cookies: string): string {
  return `theme=dark; ${cookies}`;
}

/** The Cookie header that a browser makes of Set-Cookie headers. */
export function fromSetCookie(headers: readonly string[]): string {
  return header(headers.map((each) => each.slice(0, each.indexOf(";"))).join("; "));
}

/** A list of `count` cookies, one for each user. */
export async function mint(
  make: (i: number) => string | Promise<string>,
  count = USERS,
): Promise<string[]> {
  const jar: string[] = [];
  // One after the other: some libraries do not like to be called at once.
  for (let i = 0; i < count; i += 1) jar.push(await make(i));
  return jar;
}

/** The cookie of which a character in the middle of the last value was changed. */
export function tamper(cookie: string): string {
  const at = cookie.length - 20;
  return cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1);
}

/** Makes sure that a library reads what it wrote and refuses what was changed. */
export function expectViews(value: unknown, views: number | undefined, who: string): void {
  if (value !== views)
    throw new Error(`${who} reads ${String(value)} instead of ${String(views)}.`);
}
