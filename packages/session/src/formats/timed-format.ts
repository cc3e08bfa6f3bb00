import type { FormatReading, JsonObject, SessionFormat } from "../session/format.ts";
import type { Rejection } from "./bounds.ts";
import { judgeAge, openTimed, signTimed, type TimedOptions } from "./timed.ts";

/** The properties in which the cookies of Starlette, Flask and Django differ. */
export interface TimedFormat {
  readonly name: string;
  readonly cookieName: string;
  readonly timed: TimedOptions;
  /** The maximum age of a cookie in seconds; null accepts any age. */
  readonly maxAge: number | null;
  /** How many seconds the time in a cookie may lie in the future, because clocks differ. */
  readonly skew: number;
  /** Decodes the session in a cookie. Called only after the signature was verified. */
  readonly decode: (value: string) => { readonly data: JsonObject } | Rejection;
  readonly encode: (data: JsonObject) => string;
}

/** Makes the format of a cookie that contains a value, the time, and a signature over both. */
export function timedFormat(format: TimedFormat): SessionFormat {
  const { cookieName, timed, maxAge } = format;

  const open = (token: string, now: number): FormatReading => {
    const opened = openTimed(token, timed);
    if (!opened.ok) return opened;
    const { issuedAt, keyIndex } = opened;
    const untimely = judgeAge(issuedAt, now, maxAge, format.skew);
    if (untimely !== undefined) return untimely;
    const decoded = format.decode(opened.value);
    if ("ok" in decoded) return decoded;
    const reading = { ok: true, data: decoded.data, issuedAt, keyIndex } as const;
    return maxAge === null ? reading : { ...reading, expiresAt: issuedAt + maxAge };
  };

  return {
    name: format.name,
    cookieNames: [cookieName],
    read(cookies, now) {
      const token = cookies.get(cookieName);
      return token === undefined ? undefined : open(token, now);
    },
    write: (data, now) => [{ name: cookieName, value: signTimed(format.encode(data), now, timed) }],
  };
}
