import { Secret, type SecretKeys } from "@galleta/session";
import { remarkAttributes, remarkSize } from "./attributes.ts";
import { inspectForeign } from "./foreign-report.ts";
import { groupCookies, type CookieGroup } from "./group.ts";
import { MAX_INPUT, readInput } from "./input.ts";
import { recognise, type Candidate } from "./recognise.ts";
import type { CookieReport } from "./report.ts";
import { inspectToken } from "./token-report.ts";

/** The options of {@link inspectCookies}. */
export interface InspectOptions {
  /** The secret keys to verify cookies with. Without a key, only the unencrypted parts are read. */
  readonly secretKey?: SecretKeys | undefined;
  /**
   * Inspects only the cookie of this name. A bare value is verified as a cookie of this name,
   * because a signature is valid only for one name.
   */
  readonly name?: string | undefined;
  /**
   * How many seconds Starlette, Flask or Django accepts the cookie. Default: the framework's own
   * limit.
   */
  readonly maxAge?: number | null | undefined;
  /**
   * The time at which a cookie counts as expired or not, in milliseconds since 1970. Default: now.
   */
  readonly now?: number | undefined;
}

/**
 * Inspects session cookies of Galleta, Starlette, Flask, Django, cookie-session, iron-session and
 * Rails. With a key it verifies them; without one it reads the parts that are not encrypted. It
 * changes nothing and sends nothing.
 *
 * @param text a value, `name=value`, or whole `Cookie` and `Set-Cookie` headers
 * @returns a report for each cookie, in the order of the text
 * @throws RangeError if the text is longer than 65,536 characters
 * @example
 * ```ts
 * const [report] = inspectCookies("session=UwA...", { secretKey: process.env.SECRET_KEY });
 * report?.status; // such as "valid"
 * ```
 */
export function inspectCookies(text: string, options: InspectOptions = {}): CookieReport[] {
  if (text.length > MAX_INPUT)
    throw new RangeError(`The text has more than ${MAX_INPUT} characters.`);
  const keys = [options.secretKey ?? []].flat().map((key) => asSecret(key));
  const now = options.now ?? Date.now();
  return groupCookies(readInput(text))
    .filter(({ members: [{ name }] }) => name === undefined || name === (options.name ?? name))
    .map((group) => {
      const report = inspectGroup(group, keys, options, now);
      return group.isAmbiguous ? { ...report, status: "rejected", reason: "duplicate" } : report;
    });
}

const asSecret = (key: string | Secret) => (key instanceof Secret ? key : new Secret(key));

function inspectGroup(
  { members, isToken }: CookieGroup,
  keys: readonly Secret[],
  options: InspectOptions,
  now: number,
): CookieReport {
  const [first, second] = members;
  const { value, attributes } = first;
  const name = first.name ?? options.name;
  const sizes = members.map((member) => (member.name ?? name ?? "").length + member.value.length);
  const common = {
    name,
    value,
    size: sizes.reduce((sum, size) => sum + size, 0),
    cookies: members.map((member) => member.name ?? name ?? ""),
    dataIsVerified: false,
    attributes,
    remarks: [
      ...remarkSize(Math.max(...sizes)),
      ...(attributes === undefined ? [] : remarkAttributes(name ?? "", attributes, now)),
    ],
  };
  const values = members.map((member) => member.value);
  if (isToken)
    return inspectChunks(values, (token) =>
      inspectToken({ ...common, value: token }, token, keys, now),
    );
  const [likeliest, ...others]: Candidate[] = recognise(value);
  if (likeliest === undefined) {
    const remarks = [...common.remarks, ...remarkUnknown(value)];
    return { ...common, format: "unknown", status: "unknown", remarks };
  }
  const context = { value, signature: second?.value, keys, maxAge: options.maxAge, now };
  return inspectForeign(common, [likeliest, ...others], context);
}

/**
 * Inspects a token that is split into several cookies (chunks). Tries all chunks together, then
 * fewer, as the app does: the last chunks may be left over from a longer session.
 */
function inspectChunks(
  chunks: readonly string[],
  inspect: (token: string) => CookieReport,
): CookieReport {
  const all = inspect(chunks.join(""));
  const isGood = ({ status }: CookieReport) => status !== "rejected";
  for (let count = chunks.length - 1; count > 0 && !isGood(all); count -= 1) {
    const fewer = inspect(chunks.slice(0, count).join(""));
    if (isGood(fewer)) return fewer;
  }
  return all;
}

function remarkUnknown(value: string): string[] {
  if (/^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(value)) {
    return ["It looks like a JSON Web Token."];
  }
  if (/^s(?::|%3A)[A-Za-z0-9_-]+\./i.test(value)) {
    return ["It looks like an express-session id. The data is in that app's store."];
  }
  return [];
}
