import { DEFAULT_TOTAL, isChunkName, MAX_CHUNKS, splitChunks } from "../cookie/chunks.ts";
import { COOKIE_LIMIT, cookieLine, serializeCookie } from "../cookie/serialize.ts";
import { SessionError } from "../errors.ts";
import { encryptToken, signToken, type Flat } from "../token/token.ts";
import { type Draft, storedBody, type Snapshot } from "./records.ts";
import type { FormatCookie, JsonObject } from "./format.ts";
import { parseBody } from "./json.ts";
import { endsWithBrowser, ownMaxAgeIn } from "./lifetime.ts";
import type { Shared } from "./shared.ts";

/**
 * Makes the Set-Cookie headers that save a session.
 *
 * @param flat the session's data, if no value in it is nested; this saves parsing the JSON again
 * @throws SessionError `ERR_SESSION_TOO_LARGE` or `ERR_SESSION_FORMAT`
 */
export function writeCookies(
  shared: Shared,
  draft: Draft,
  issued: Snapshot,
  now: number,
  flat?: Flat,
): string[] {
  const { attributes, cookieName, lifetimes, writeAs } = shared.settings;
  const own = ownMaxAgeIn(issued.json);
  const maxAge = endsWithBrowser(lifetimes, own) ? null : issued.exp - now;
  const cookies =
    writeAs === undefined
      ? tokenCookies(shared, draft, issued, flat)
      : writeAs.write(foreignData(issued.json), now, maxAge);
  const line = attributes[draft.secure ? "secure" : "plain"];
  const serialize = writeAs === undefined ? cookieLine : serializeCookie;
  const written = cookies.map(({ name, value }) => {
    const size = name.length + value.length;
    if (size > COOKIE_LIMIT) tooLarge(shared, draft, size);
    return serialize(name, value, line, maxAge);
  });
  // The usual request brings at most one cookie, which the new one replaces.
  if (draft.strays.length === 0 && draft.loaded.cookies.length < 2) return written;
  // Our own chunks that the session no longer needs. Cookies of other formats are kept.
  const stale = draft.loaded.cookies.filter(
    (name) => isChunkName(cookieName, name) && cookies.every((cookie) => cookie.name !== name),
  );
  // Deletions come first, so that clients which ignore attributes keep the new cookie.
  const names = cookies.map(({ name }) => name);
  return [...strayDeletions(names, draft), ...written, ...deletions(shared, stale, draft)];
}

function tokenCookies(
  shared: Shared,
  draft: Draft,
  issued: Snapshot,
  flat: Flat | undefined,
): FormatCookie[] {
  const { cookieName, ring, encrypt, chunks } = shared.settings;
  const { rev, born, iat, exp } = issued;
  const { store } = shared;
  const json =
    store?.keepsData === true
      ? storedBody(store.userKeyOf(draft.data), ownMaxAgeIn(issued.json))
      : issued.json;
  const { sid, loaded } = draft;
  const made = {
    sid,
    rev,
    json,
    born,
    iat,
    exp,
    keyIndex: 0,
    encrypted: encrypt,
    // A cookie that refers to a store holds no data.
    flat: json === issued.json ? flat : undefined,
  };
  const token = encrypt ? encryptToken(made, ring) : signToken(made, ring);
  // The next request brings this token back, and then the token need not be verified.
  shared.cache.set(token, made, loaded.token);
  if (!chunks) return [{ name: cookieName, value: token }];
  const split = splitChunks(cookieName, token);
  const size = split.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  if (split.length > MAX_CHUNKS || size > totalOf(chunks)) tooLarge(shared, draft, size);
  return split;
}

function foreignData(json: string): JsonObject {
  const body = parseBody(json);
  // The field `from`, the cookie that the session came from, may be lost: only Galleta's own cookie
  // can store it.
  if (body === undefined || Object.keys(body.meta).some((key) => key !== "from")) {
    throw new SessionError(
      "ERR_SESSION_FORMAT",
      "With writeAs, a cookie carries only data. flash, csrfToken, authenticatedAt and setMaxAge need Galleta's own cookie.",
    );
  }
  return body.data;
}

function tooLarge({ settings }: Shared, draft: Draft, size: number): never {
  const keys = Object.entries(draft.data)
    .map(([key, value]) => ({ key, size: JSON.stringify(value)?.length ?? 0 }))
    .toSorted((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ key }) => key);
  settings.events.emit("oversize", draft.sid, { size, keys });
  const { chunks } = settings;
  const limit = chunks ? `chunks allows ${totalOf(chunks)}` : `browsers keep ${COOKIE_LIMIT}`;
  throw new SessionError(
    "ERR_SESSION_TOO_LARGE",
    `The session's cookie would have ${size} bytes but ${limit}. ` +
      `Its largest keys are ${keys.map((key) => `"${key}"`).join(", ")}: keep less in them` +
      `, or keep the data on the server with storage: "store"${chunks ? "." : ", or set chunks: true."}`,
  );
}

/**
 * Returns how many bytes all cookies of a session may have together.
 *
 * @param chunks the option `chunks`
 */
function totalOf(chunks: number | boolean): number {
  return chunks === true ? DEFAULT_TOTAL : Number(chunks);
}

/**
 * Makes the Set-Cookie headers that delete a session's cookies, also older ones with another path
 * or domain.
 */
export function deletions(
  { settings }: Shared,
  names: readonly string[],
  draft: Pick<Draft, "secure" | "strays">,
): string[] {
  const attributes = settings.attributes[draft.secure ? "secure" : "plain"];
  const own = names.map((name) => serializeCookie(name, "", attributes, 0));
  return [...strayDeletions(names, draft), ...own];
}

function strayDeletions(names: readonly string[], { strays }: Pick<Draft, "strays">): string[] {
  return strays.flatMap((attributes) =>
    names.map((name) => serializeCookie(name, "", attributes, 0)),
  );
}
