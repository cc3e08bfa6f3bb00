import { SessionError } from "../errors.ts";
import { checkOption, textThat } from "../validate.ts";
import { NEVER } from "../token/header.ts";
import { expiryOf } from "../token/times.ts";
import { contextOf } from "./context.ts";
import type { JsonValue, RejectReason } from "./format.ts";
import { assertJsonValue } from "./json.ts";
import { LIFETIME, lifetimesOf, ownMaxAge, type OwnMaxAge } from "./lifetime.ts";
import { MAX_LABEL, type DeviceState } from "./records.ts";
import type { SessionSettings } from "./settings.ts";

/**
 * Gives the session a new id, start time and CSRF tokens, and keeps its data. Call it whenever
 * rights change, above all after a login: an id that an attacker planted before is then useless
 * (session fixation, OWASP ASVS 7.2.4).
 *
 * @throws SessionError `ERR_SESSION_COMMITTED`, `ERR_SESSION_HANDSHAKE_SENT`,
 *   `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * renew(req.session);
 * req.session.user = user.id;
 * ```
 */
export function renew(session: object): void {
  contextOf(session).renew();
}

/** The options of {@link destroy}. */
export interface DestroyOptions {
  /**
   * Also asks the browser to delete data that it stored for the site: `true` for cookies and
   * storage, or a list of types for the `Clear-Site-Data` header. Browsers honour the header only
   * over TLS.
   */
  readonly clearSiteData?: boolean | readonly ("cache" | "cookies" | "storage" | "*")[];
}

/**
 * Ends the session: the data is gone and the cookie is deleted. Later writes to the same object go
 * to a new session.
 *
 * @throws SessionError `ERR_SESSION_COMMITTED`, `ERR_SESSION_HANDSHAKE_SENT`,
 *   `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * destroy(req.session, { clearSiteData: true });
 * ```
 */
export function destroy(session: object, options: DestroyOptions = {}): void {
  const { clearSiteData = false } = options;
  const types = clearSiteData === true ? ["cookies", "storage"] : clearSiteData || [];
  const header = types.map((type) => `"${type}"`).join(", ");
  contextOf(session).destroy(header === "" ? undefined : header);
}

/**
 * Stores a message for the next request, or returns and removes a stored one. A call with a value
 * stores the message; a call without a value returns and removes it. HEAD requests and prefetches
 * (`Sec-Purpose`) do not remove the message, because no user sees their response.
 *
 * @returns the stored message, if called without a value; `undefined` if there is none
 * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_COMMITTED`,
 *   `ERR_SESSION_HANDSHAKE_SENT`, `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * flash(req.session, "notice", "Saved"); // in the POST
 * // In the GET after it, once:
 * flash(req.session, "notice"); // "Saved"
 * flash(req.session, "notice"); // undefined
 * ```
 */
export function flash(session: object, key: string, value?: JsonValue): JsonValue | undefined {
  const context = contextOf(session);
  const messages = context.state.meta.flash;
  const before = messages !== undefined && Object.hasOwn(messages, key) ? messages[key] : undefined;
  if (value === undefined && before === undefined) return undefined;
  if (value === undefined && context.isUnseen) return before;
  if (value !== undefined) assertJsonValue(value, `The message "${key}"`);
  context.changeMeta((meta) => {
    const { [key]: _, ...others } = messages ?? {};
    const left = value === undefined ? others : { ...others, [key]: value };
    if (Object.keys(left).length > 0) meta.flash = left;
    else delete meta.flash;
  });
  return value === undefined ? before : undefined;
}

/**
 * Returns when the user last proved their identity. A call with a date records that time. If the
 * proof is too long ago, ask for the password again before a critical action (step-up, OWASP ASVS
 * 7.5.1).
 *
 * @returns the time of the last proof, to the second; `undefined` if none was recorded
 * @throws SessionError `ERR_SESSION_COMMITTED`, `ERR_SESSION_HANDSHAKE_SENT`,
 *   `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * renew(req.session);
 * authenticatedAt(req.session, new Date());
 * ```
 */
export function authenticatedAt(session: object, date?: Date): Date | undefined {
  const context = contextOf(session);
  if (date !== undefined) {
    const seconds = Math.floor(date.getTime() / 1000);
    if (!Number.isFinite(seconds)) throw new RangeError("authenticatedAt needs a valid Date.");
    context.changeMeta((meta) => {
      meta.authenticatedAt = seconds;
    });
  }
  const noted = context.state.meta.authenticatedAt;
  return noted === undefined ? undefined : new Date(noted * 1000);
}

/**
 * Gives this session its own lifetime, such as for "remember me".
 *
 * This lifetime replaces the option `maxAge` for the session. `renew` keeps it, and `destroy`
 * removes it. Each use prolongs the session by this time, up to `absoluteMaxAge`.
 *
 * @param seconds until the unused session ends, at most 34,560,000 (400 days). With null, the
 *   browser deletes the cookie on closing, and a copy of the cookie expires by the option `maxAge`
 * @throws SessionError `ERR_SESSION_OPTION`; `ERR_SESSION_FORMAT` with `writeAs`;
 *   `ERR_SESSION_COMMITTED`, `ERR_SESSION_HANDSHAKE_SENT`, `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * renew(req.session);
 * setMaxAge(req.session, 30 * 86_400); // null: until the browser closes
 * ```
 */
export function setMaxAge(session: object, seconds: number | null): void {
  const context = contextOf(session);
  checkOption("seconds", seconds, LIFETIME);
  if (context.settings.writeAs !== undefined) {
    throw new SessionError(
      "ERR_SESSION_FORMAT",
      "A cookie of `writeAs` cannot have its own lifetime. Set the option `maxAge` for all sessions.",
    );
  }
  context.changeMeta((meta) => {
    meta.maxAge = seconds;
  });
}

/**
 * Sets or returns the label of this session, such as "Firefox on Linux". `sessions.list` and events
 * show the label, so that users recognize their sessions.
 *
 * The option `labels` makes the label of a login that has none, from the request's User-Agent.
 *
 * @param text at most 100 characters
 * @returns the label; `undefined` if the session has none
 * @throws SessionError `ERR_SESSION_OPTION`; `ERR_SESSION_COMMITTED`, `ERR_SESSION_HANDSHAKE_SENT`,
 *   `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * label(req.session, "Ana's phone");
 * label(req.session); // "Ana's phone"
 * ```
 */
export function label(session: object, text?: string): string | undefined {
  const context = contextOf(session);
  if (text !== undefined) {
    checkOption("text", text, LABEL);
    context.changeMeta((meta) => {
      meta.label = text;
    });
  }
  return context.state.meta.label;
}

const LABEL = textThat(
  (text) => text !== "" && text.length <= MAX_LABEL,
  `a string of 1 to ${MAX_LABEL} characters`,
);

/** The facts about a session that {@link describe} returns. */
export interface SessionDescription {
  /** The session's id. It gives no access by itself, but keep it out of logs. */
  readonly id: string;
  /** True if the request had no valid session. */
  readonly isNew: boolean;
  /** When the session began. */
  readonly createdAt: Date;
  /** When the session's cookie was issued. */
  readonly issuedAt: Date;
  /**
   * When the cookie expires unless the session is used; null if the cookie lasts until the browser
   * closes.
   */
  readonly expiresAt: Date | null;
  /**
   * The lifetime in seconds, from {@link setMaxAge} or the option `maxAge`; null if the session
   * lasts until the browser closes.
   */
  readonly maxAge: number | null;
  /**
   * The id of the secret key that verified the session's cookie. For a new session, the id of the
   * key that will sign the cookie.
   */
  readonly keyId: string;
  /** Why the request's cookie was rejected; undefined if it was accepted or there was none. */
  readonly rejected?: RejectReason | "revoked";
  /**
   * True if ending the session also rejects saved copies of the session's cookie. False without a
   * `store`: a copy then stays valid until `expiresAt`.
   */
  readonly revocable: boolean;
  /**
   * The state of the session's device, with the option `deviceBound`. "fresh": the browser recently
   * proved that it has the device's private key. "stale": it did not. "none": the session is not
   * bound to a device.
   */
  readonly deviceBound: DeviceState;
}

/**
 * Returns facts about a session, such as its id and times, but not its data.
 *
 * @throws SessionError `ERR_SESSION_NOT_A_SESSION`
 * @example
 * ```ts
 * const { isNew, expiresAt } = describe(req.session);
 * ```
 */
export function describe(session: object): SessionDescription {
  const { state, settings, shared } = contextOf(session);
  const { loaded, meta } = state;
  const own = ownMaxAge(meta);
  const { iat, exp } =
    state.issued ?? (loaded.isNew ? unissued(state.born, settings, own) : loaded);
  const kid = settings.ring.keys[loaded.keyIndex]?.kid ?? settings.ring.newest.kid;
  return {
    id: state.sid,
    isNew: loaded.isNew,
    createdAt: new Date(state.born * 1000),
    issuedAt: new Date(iat * 1000),
    expiresAt: exp === NEVER ? null : new Date(exp * 1000),
    maxAge: own === undefined ? settings.lifetimes.maxAge : own,
    keyId: kid.toString(16).padStart(8, "0"),
    revocable: shared.store !== undefined,
    deviceBound: loaded.device ?? "none",
    ...(loaded.rejected === undefined ? {} : { rejected: loaded.rejected }),
  };
}

function unissued(born: number, { lifetimes }: SessionSettings, own: OwnMaxAge) {
  return { iat: born, exp: expiryOf(born, born, lifetimesOf(lifetimes, own)) };
}
