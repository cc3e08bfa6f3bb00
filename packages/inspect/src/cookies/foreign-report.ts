import type { FormatReading, Secret } from "@galleta/session";
import { DEFAULT_MAX_AGE, verifyForeign } from "./foreign.ts";
import type { Candidate } from "./recognise.ts";
import { dateOf, type CookieReport } from "./report.ts";
import { durationInWords } from "./words.ts";

/** What is needed to verify a cookie of another framework. */
export interface ForeignContext {
  readonly value: string;
  /**
   * The value of the cookie that contains the signature, if the signature is a cookie of its own.
   */
  readonly signature: string | undefined;
  readonly keys: readonly Secret[];
  /** The lifetime of the cookie in seconds; undefined means the framework's default. */
  readonly maxAge: number | null | undefined;
  /** The current time, in milliseconds since 1970. */
  readonly now: number;
}

/** Inspects a cookie that looks like the session cookie of one or more other frameworks. */
export function inspectForeign(
  common: Omit<CookieReport, "format" | "status">,
  candidates: readonly [Candidate, ...Candidate[]],
  context: ForeignContext,
): CookieReport {
  const { keys, maxAge, now } = context;
  const readings = candidates.map((candidate) => {
    if (keys.length === 0) return undefined;
    const name = common.name ?? (candidate.format === "django" ? "sessionid" : "session");
    return verifyForeign(candidate, { ...context, name, now: Math.floor(now / 1000) });
  });
  // Two formats may look alike. If a key verifies one of them, the cookie has that format.
  const verified = Math.max(
    0,
    readings.findIndex((reading) => reading?.ok),
  );
  const candidate = candidates[verified] ?? candidates[0];
  const reading = readings[verified];
  const { format, data } = candidate;
  const base = {
    ...common,
    format,
    data,
    issuedAt: dateOf(candidate.issuedAt),
    expiresAt: endOf(candidate, reading, maxAge),
    remarks: [...common.remarks, ...remarkEnd(candidate, maxAge)],
  };
  if (reading?.ok) {
    const { keyIndex } = reading;
    return { ...base, status: "valid", data: reading.data, dataIsVerified: true, keyIndex };
  }
  const isOver = base.expiresAt !== undefined && base.expiresAt.getTime() < now;
  const reason = reading?.reason ?? (isOver ? "expired" : undefined);
  return { ...base, status: reason === undefined ? "unverified" : "rejected", reason };
}

function endOf(
  { format, issuedAt, expiresAt }: Candidate,
  reading: FormatReading | undefined,
  maxAge: number | null | undefined,
): Date | undefined {
  if (reading?.ok) return dateOf(reading.expiresAt);
  const lasts = maxAge === undefined ? DEFAULT_MAX_AGE[format] : maxAge;
  return issuedAt === undefined || lasts == null ? dateOf(expiresAt) : dateOf(issuedAt + lasts);
}

function remarkEnd({ format }: Candidate, maxAge: number | null | undefined): string[] {
  const byDefault = DEFAULT_MAX_AGE[format];
  if (maxAge !== undefined || byDefault === undefined) return [];
  return [
    `The cookie does not contain its lifetime. Its framework's default is ${durationInWords(byDefault)}.`,
  ];
}
