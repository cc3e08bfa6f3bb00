import { AMBIGUOUS, findCookie } from "../cookie/parse.ts";
import { NEVER } from "../token/header.ts";
import { judgeTimes } from "../token/times.ts";
import { fitSchema, serializeBody } from "./body.ts";
import { copyData } from "./dictionary.ts";
import { foreignId } from "./foreign-memory.ts";
import {
  isStored,
  type AnyFormat,
  type CookieSource,
  type FormatReading,
  type RejectReason,
  type StoredFormat,
} from "./format.ts";
import { NO_META } from "./json.ts";
import { emptySession, rejectCookie } from "./snapshot.ts";
import type { LoadedSnapshot } from "./records.ts";
import type { Shared } from "./shared.ts";

/** The sessions that were read from other frameworks' stores, by framework. */
export type StoredReadings = ReadonlyMap<StoredFormat, FormatReading | undefined>;

const sourceOf = (header: string): CookieSource => ({
  get(name) {
    const value = findCookie(header, name);
    return value === AMBIGUOUS ? undefined : value;
  },
});

/** Returns the names of a request's cookies that refer to sessions in other frameworks' stores. */
export function namesIn({ settings }: Shared, header: string): string[] {
  const names = settings.stored.flatMap(({ cookieNames }) => cookieNames);
  return names.filter((name) => findCookie(header, name) !== undefined);
}

/**
 * Asks other frameworks' stores for the session of a request.
 *
 * @returns `undefined` if no cookie refers to a session in such a store
 */
export function askFormats(
  { settings: { stored } }: Shared,
  header: string,
): Promise<StoredReadings> | undefined {
  const source = sourceOf(header);
  const concerned = stored.filter(({ cookieNames }) =>
    cookieNames.some((name) => source.get(name) !== undefined),
  );
  if (concerned.length === 0) return undefined;
  const ask = async (format: StoredFormat) => [format, await format.load(source)] as const;
  return Promise.all(concerned.map(ask)).then((answers) => new Map(answers));
}

/**
 * Reads a request's cookies of other frameworks, in the order of the option `formats`.
 *
 * @param readings the sessions read from other frameworks' stores
 * @returns the first session that is valid, otherwise an empty one
 */
export function loadForeign(
  shared: Shared,
  header: string,
  now: number,
  present: readonly string[],
  readings: StoredReadings | undefined,
): LoadedSnapshot {
  const source = sourceOf(header);
  let rejected: RejectReason | undefined;
  for (const format of shared.settings.formats) {
    const reading = isStored(format) ? readings?.get(format) : format.read(source, now);
    if (reading?.ok === true) {
      const id = foreignId(
        format.name,
        format.cookieNames.map((name) => source.get(name)),
      );
      return adopt(shared, format, { ...reading, id }, now, present);
    }
    rejected ??= reading?.reason;
  }
  // There is a cookie, but no format recognized it.
  if (present.length > 0) rejected ??= "malformed";
  return rejected === undefined
    ? emptySession(now, present)
    : rejectCookie(
        shared,
        rejected,
        now,
        present,
        undefined,
        source.get(shared.settings.cookieName),
      );
}

function adopt(
  shared: Shared,
  format: AnyFormat,
  { data, issuedAt, expiresAt, keyIndex, id }: FormatReading & { ok: true; id: string },
  now: number,
  present: readonly string[],
): LoadedSnapshot {
  const { settings } = shared;
  const { events, lifetimes, writeAs } = settings;
  const iat = Math.min(issuedAt ?? now, now);
  const exp = expiresAt ?? NEVER;
  const isForeign = format !== writeAs;
  // Remembers a cookie only if our cookie replaces it. With writeAs, many visitors may have the
  // same cookie.
  const isMoved = isForeign && writeAs === undefined;
  if (isMoved && shared.foreign.peek(id)?.ended === true) {
    return rejectCookie(shared, "revoked", now, present);
  }
  const born = isMoved ? shared.foreign.note(id, iat) : iat;
  const fault = judgeTimes({ born, iat, exp }, now, lifetimes);
  if (fault !== undefined) return rejectCookie(shared, fault, now, present);
  const fitted = fitSchema(settings, data);
  if (fitted === undefined) return rejectCookie(shared, "schema", now, present);
  const meta = isMoved ? { from: id } : NO_META;
  // Another framework's cookie has no id, so the session gets a random one. The cookie's value
  // cannot serve as the id: two visitors with the same data may have the same cookie, and must not
  // get each other's changes.
  const loaded: LoadedSnapshot = Object.assign(emptySession(iat, present), {
    born,
    data: copyData(fitted.data),
    meta,
    json: serializeBody(fitted.data, meta),
    exp,
    keyIndex,
    isNew: false,
    isForeign: true,
    reissue: isForeign || keyIndex > 0 || fitted.migrated,
  });
  if (keyIndex > 0) events.emit("rotated", loaded.sid, { keyIndex });
  if (isForeign) events.emit("migrated", loaded.sid, { format: format.name });
  return loaded;
}
