import { MAX_CHUNKS } from "../cookie/chunks.ts";
import { Secret } from "../secret.ts";
import type { SecretKeys } from "../session/keys.ts";
import { looksLikeToken } from "../token/token.ts";
import { remarkAttributes, remarkSize } from "./attributes.ts";
import { DEFAULT_MAX_AGE, verifyForeign, type ForeignCookie } from "./foreign.ts";
import { MAX_INPUT, readInput, type CookieInput } from "./input.ts";
import { recognise, type Candidate, type CookieFormat } from "./recognise.ts";
import { dateOf, type CookieReport } from "./report.ts";
import { inspectToken } from "./token-report.ts";
import { durationInWords } from "./words.ts";

/** What {@link inspectCookies} may use. */
export interface InspectOptions {
  /** Keys to verify with. Without any, only what needs no key is read. */
  readonly secretKey?: SecretKeys | undefined;
  /** Only the cookie of this name; of a value alone, its name. Keys are bound to it. */
  readonly name?: string | undefined;
  /** Seconds that Starlette, Flask or Django is set to accept. Default: what it does itself. */
  readonly maxAge?: number | null | undefined;
  /** Milliseconds since 1970. Default: now. */
  readonly now?: number | undefined;
}

/** A cookie with those that belong to it: its chunks, or its signature. */
interface Group {
  readonly input: CookieInput;
  readonly value: string;
  readonly signature: string | undefined;
  readonly members: readonly CookieInput[];
  readonly isAmbiguous: boolean;
}

/**
 * Looks into session cookies: tokens of ours and those of Starlette, Flask, Django, cookie-session,
 * iron-session and Rails. Without a key it reads what is not encrypted; with keys it verifies.
 * Nothing is changed, and nothing is sent anywhere.
 *
 * @param text a value, `name=value`, or whole `Cookie` and `Set-Cookie` headers
 * @returns a report for each cookie, in their order
 * @throws RangeError when the text is longer than 65,536 characters
 * @example
 * ```ts
 * const [report] = inspectCookies("session=UwA...", { secretKey: process.env.SECRET_KEY });
 * report.status; // "valid"
 * ```
 */
export function inspectCookies(text: string, options: InspectOptions = {}): CookieReport[] {
  if (text.length > MAX_INPUT) throw new RangeError(`That is over ${MAX_INPUT} characters.`);
  const keys = [options.secretKey ?? []].flat().map((key) => asSecret(key));
  const now = options.now ?? Date.now();
  return groupCookies(readInput(text))
    .filter(({ input }) => isWanted(input, options.name))
    .map((group) => inspectGroup(group, keys, options, now));
}

const asSecret = (key: string | Secret) => (key instanceof Secret ? key : new Secret(key));
const isWanted = ({ name }: CookieInput, wanted: string | undefined) =>
  wanted === undefined || name === undefined || name === wanted;

function groupCookies(inputs: readonly CookieInput[]): Group[] {
  const taken = new Set<CookieInput>();
  const find = (name: string) => {
    const found = inputs.find((input) => input.name === name && !taken.has(input));
    if (found !== undefined) taken.add(found);
    return found;
  };
  const isCompanion = ({ name = "" }: CookieInput) => {
    const base = /^(.+)\.(?:sig|[1-3])$/.exec(name)?.[1];
    return inputs.some((input) => input.name !== undefined && input.name === base);
  };
  const heads = inputs.filter((input) => !isCompanion(input));
  return heads.flatMap((input): Group[] => {
    const { name } = input;
    if (taken.has(input)) return [];
    taken.add(input);
    const twins = heads.filter((other) => name !== undefined && other.name === name);
    for (const twin of twins) taken.add(twin);
    const isAmbiguous = twins.some(({ value }) => value !== input.value);
    const members = [input];
    const companions = looksLikeToken(input.value)
      ? Array.from({ length: MAX_CHUNKS - 1 }, (_, index) => `${name}.${index + 1}`)
      : [`${name}.sig`];
    for (const companion of companions) {
      const found = find(companion);
      if (found === undefined) break;
      members.push(found);
    }
    const [, second] = members;
    const isSplit = looksLikeToken(input.value);
    const value = isSplit ? members.map((member) => member.value).join("") : input.value;
    return [{ input, value, members, isAmbiguous, signature: isSplit ? undefined : second?.value }];
  });
}

function inspectGroup(
  group: Group,
  keys: readonly Secret[],
  options: InspectOptions,
  now: number,
): CookieReport {
  const { input, members } = group;
  const name = input.name ?? options.name;
  const { attributes } = input;
  const sizes = members.map((member) => (member.name ?? name ?? "").length + member.value.length);
  const common = {
    name,
    size: sizes.reduce((sum, size) => sum + size, 0),
    cookies: members.map((member) => member.name ?? name ?? ""),
    dataIsVerified: false,
    ...(attributes === undefined ? {} : { attributes }),
    remarks: [
      ...remarkSize(Math.max(...sizes)),
      ...(attributes === undefined ? [] : remarkAttributes(name ?? "", attributes, now)),
    ],
  } as const;
  const candidates = recognise(group.value);
  const [likeliest] = candidates;
  if (likeliest === undefined) {
    const remarks = [...common.remarks, ...remarkUnknown(group.value)];
    return { ...common, format: "unknown", status: "unknown", remarks };
  }
  const report =
    likeliest.format === "galleta"
      ? inspectToken(common, group.value, keys, now)
      : inspectForeign(common, candidates, group, keys, options, now);
  if (!group.isAmbiguous) return report;
  return { ...report, status: "refused", reason: "duplicate" };
}

function inspectForeign(
  common: Omit<CookieReport, "format" | "status">,
  candidates: readonly Candidate[],
  group: Group,
  keys: readonly Secret[],
  options: InspectOptions,
  now: number,
): CookieReport {
  const seconds = Math.floor(now / 1000);
  const { value, signature } = group;
  const cookieOf = (format: CookieFormat): ForeignCookie => ({
    name: common.name ?? (format === "django" ? "sessionid" : "session"),
    value,
    signature,
    keys,
    maxAge: options.maxAge,
    now: seconds,
  });
  const readings =
    keys.length === 0 ? [] : candidates.map((each) => verifyForeign(each, cookieOf(each.format)));
  const best = Math.max(
    0,
    readings.findIndex(({ ok }) => ok),
  );
  const candidate = candidates[best]!;
  const reading = readings[best];
  const { format } = candidate;
  const described = describeForeign(candidate, options.maxAge);
  const base = {
    ...common,
    format,
    ...described,
    remarks: [...common.remarks, ...described.remarks],
  };
  if (reading?.ok) {
    const { keyIndex } = reading;
    return { ...base, status: "valid", data: reading.data, dataIsVerified: true, keyIndex };
  }
  if (reading !== undefined) return { ...base, status: "refused", reason: reading.reason };
  const isOver = base.expiresAt != null && base.expiresAt.getTime() < now;
  return isOver
    ? { ...base, status: "refused", reason: "expired" }
    : { ...base, status: "unverified" };
}

function describeForeign(candidate: Candidate, maxAge: number | null | undefined) {
  const { format, data, issuedAt } = candidate;
  const byDefault = DEFAULT_MAX_AGE[format];
  const lasts = maxAge === undefined ? byDefault : maxAge;
  const issued = dateOf(issuedAt);
  const end =
    issuedAt !== undefined && lasts != null
      ? dateOf(issuedAt + lasts)
      : dateOf(candidate.expiresAt);
  const remarks =
    maxAge === undefined && byDefault !== undefined
      ? [`It does not say when it ends: ${durationInWords(byDefault)} are its framework's default.`]
      : [];
  return {
    ...(data === undefined ? {} : { data }),
    ...(issued === undefined ? {} : { issuedAt: issued }),
    ...(end === undefined ? {} : { expiresAt: end }),
    remarks,
  };
}

function remarkUnknown(value: string): string[] {
  if (/^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(value)) {
    return ["It has the form of a JSON Web Token."];
  }
  if (/^s(?::|%3A)[A-Za-z0-9_-]+\./i.test(value)) {
    return ["It has the form of an express-session id: the data is in that app's store."];
  }
  return [];
}
