export type Kind = "signed" | "encrypted";

/** The app's data in a session. */
export interface Data {
  user: string;
  views: number;
}

/** The work of one library for one request, from the Cookie header to the Set-Cookie. */
export interface Work {
  /** Reads `views` from the cookie of user number `i`. */
  read(i: number): unknown;
  /** Increments `views` of user number `i`, whose next request brings the new cookie. */
  write(i: number): unknown;
  /** Runs the middleware without using the session. */
  untouched(i: number): unknown;
  /** Reads a cookie in which one character was changed. */
  tampered(i: number): unknown;
}

/** A library in the comparison. */
export interface Contestant {
  readonly name: string;
  /** The package whose version is printed; undefined for a part of Node. */
  readonly package?: string;
  readonly kinds: readonly Kind[];
  prepare(kind: Kind, data: Data): Promise<Work>;
}

/** A secret of 44 characters, the same for every library. */
export const SECRET = "4uJxZ7Qm1vWc9Lr2Ks8Tn5Yb0Gd3Hf6Pa-Ei_Ox.Rw~V";
/** How many users' cookies are used in turn. */
export const USERS = 256;

/** Makes session data whose JSON has `bytes` bytes. */
export function dataOf(bytes: number): Data {
  const data: Data = { user: "", views: 1_000_000 };
  return { ...data, user: "u".repeat(bytes - JSON.stringify(data).length) };
}

/** Makes a Cookie header that also has another cookie, as browsers usually send. */
export function header(cookies: string): string {
  return `theme=dark; ${cookies}`;
}

/** Makes the Cookie header that a browser sends after these Set-Cookie headers. */
export function fromSetCookie(headers: readonly string[]): string {
  return header(headers.map((each) => each.slice(0, each.indexOf(";"))).join("; "));
}

/** Makes `count` cookies, one for each user. */
export async function mint(
  make: (i: number) => string | Promise<string>,
  count = USERS,
): Promise<string[]> {
  const jar: string[] = [];
  // One after the other, because some libraries cannot handle many calls at the same time.
  for (let i = 0; i < count; i += 1) jar.push(await make(i));
  return jar;
}

/** Changes a character in the middle of the last value of a cookie. */
export function tamper(cookie: string): string {
  const at = cookie.length - 20;
  return cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1);
}

/** Checks that a library reads its own cookie and rejects a changed one. */
export function expectViews(value: unknown, views: number | undefined, who: string): void {
  if (value !== views)
    throw new Error(`${who} reads ${String(value)} instead of ${String(views)}.`);
}
