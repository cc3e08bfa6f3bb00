import { AMBIGUOUS, findCookie } from "../cookie/parse.ts";
import { NEVER } from "../token/header.ts";
import { judgeTimes } from "../token/times.ts";
import { newSessionId } from "../token/token.ts";
import { fitSchema } from "./body.ts";
import { copyData } from "./dictionary.ts";
import type { JsonObject, RejectReason, SessionFormat } from "./format.ts";
import { refuse, refuseEnded, type Loaded, type Shared } from "./loaded.ts";

/**
 * Reads the cookies of other frameworks, in the order of the option `formats`.
 * @returns `undefined` where there are none
 */
export function loadForeign(
  shared: Shared,
  header: string,
  now: number,
  present: readonly string[],
): Loaded | undefined {
  const { settings } = shared;
  const source = {
    get(name: string): string | undefined {
      const value = findCookie(header, name);
      return value === AMBIGUOUS ? undefined : value;
    },
  };
  let rejected: RejectReason | undefined;
  for (const format of settings.formats) {
    const reading = format.read(source, now);
    if (reading === undefined) continue;
    if (reading.ok) return adopt(shared, format, reading, now, present);
    rejected ??= reading.reason;
  }
  if (rejected !== undefined) return refuse(shared, rejected, now, present);
  // A cookie is there and none of the formats saw one of its own in it.
  return present.length > 0 ? refuse(shared, "malformed", now, present) : undefined;
}

function adopt(
  shared: Shared,
  format: SessionFormat,
  reading: { data: JsonObject; issuedAt?: number; expiresAt?: number; keyIndex: number },
  now: number,
  present: readonly string[],
): Loaded {
  const { settings } = shared;
  const shares = format === settings.writeAs;
  const iat = Math.min(reading.issuedAt ?? now, now);
  const times = { born: iat, iat, exp: reading.expiresAt ?? NEVER };
  const fault = judgeTimes(times, now, settings.lifetimes);
  if (fault !== undefined) return refuse(shared, fault, now, present);
  const fitted = fitSchema(settings, reading.data);
  if (fitted === undefined) return refuse(shared, "schema", now, present);
  // A foreign cookie has no id, and its value is none: two visitors with the same data may well
  // have the same cookie, and must not be given each other's changes.
  const sid = newSessionId();
  const { vault } = shared;
  if (vault?.isEnded(sid, times.born, vault.userOf(fitted.data)) === true) {
    return refuseEnded(shared, sid, now, present);
  }
  if (reading.keyIndex > 0) settings.events.emit("rotated", sid, { keyIndex: reading.keyIndex });
  if (!shares) settings.events.emit("migrated", sid, { format: format.name });
  return {
    ...times,
    sid,
    rev: 0,
    data: copyData(fitted.data),
    meta: {},
    json: JSON.stringify(fitted.data),
    isNew: false,
    reissue: !shares || reading.keyIndex > 0 || fitted.migrated,
    keyIndex: reading.keyIndex,
    cookies: present,
  };
}
