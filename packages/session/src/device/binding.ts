import { findCookie } from "../cookie/parse.ts";
import { serializeCookie } from "../cookie/serialize.ts";
import { optionError } from "../errors.ts";
import { pathFor } from "../session/connect.ts";
import { copyData } from "../session/dictionary.ts";
import type { DeviceHeaders, DevicePort } from "../session/ports.ts";
import type { DeviceRecord, Draft, LoadedSnapshot, Saved } from "../session/records.ts";
import type { RequestFacts } from "../session/request.ts";
import type { Shared } from "../session/shared.ts";
import { rejectCookie } from "../session/snapshot.ts";
import { identifierOf, type DeviceKey } from "./jwk.ts";
import { checkLabel, makeLabel } from "./labels.ts";
import type { CheckedDeviceBound } from "./settings.ts";
import { writeText } from "./structured.ts";

/** The path where browsers register the key of a device-bound session. */
export const REGISTRATION_PATH = "/.galleta/device/registration";
/** The path where browsers refresh the short-lived cookie of a device-bound session. */
export const REFRESH_PATH = "/.galleta/device/refresh";
/**
 * A browser must make the key of a device-bound session within this many seconds. A TPM needs a
 * few.
 */
const REGISTRATION_SECONDS = 300;
/**
 * For this many seconds after a session was bound to its device, requests without the bound cookie
 * are accepted: the browser may have sent them before it got that cookie.
 */
const GRACE_SECONDS = 60;

/** Implements device-bound sessions. */
export class DeviceBinding implements DevicePort {
  readonly shared: Shared;
  readonly settings: CheckedDeviceBound;
  readonly #cookieName: string;
  readonly #attributes: string;

  /**
   * @throws SessionError `ERR_SESSION_OPTION` if `domain`, `partitioned` or `writeAs` is also set
   */
  constructor(shared: Shared, settings: CheckedDeviceBound) {
    const { cookieName, attributes, writeAs } = shared.settings;
    if (writeAs !== undefined) {
      throw optionError(
        "Use either deviceBound or writeAs: the cookies that writeAs writes contain no session id.",
      );
    }
    if (/; (?:Domain|Partitioned)\b/.test(attributes.secure)) {
      throw optionError(
        "deviceBound needs a cookie of one host that is not partitioned. Leave out domain and partitioned.",
      );
    }
    this.shared = shared;
    this.settings = settings;
    this.#cookieName = `__Host-${cookieName.replace(/^__(?:host-http|host|http|secure)-/i, "")}-device`;
    const sameSite = /SameSite=\w+/.exec(attributes.secure)![0];
    this.#attributes = `; Path=/; Secure; HttpOnly; ${sameSite}`;
  }

  judge(loaded: LoadedSnapshot, header: string, now: number): LoadedSnapshot {
    if (loaded.isNew) return loaded;
    const { device } = loaded.meta as { device?: DeviceRecord };
    const isFresh = device === undefined ? this.#mayBeUnbound(loaded, now) : undefined;
    if (device === undefined) return isFresh ? loaded : this.#reject(loaded, now);
    if (this.#isBound(loaded.sid, device, header, now)) {
      return Object.assign(loaded, { device: "fresh" as const });
    }
    if (this.settings.stale === "reject") return this.#reject(loaded, now);
    return Object.assign(loaded, { device: "stale" as const });
  }

  headersFor(
    { loaded, destroyed, sid }: Draft,
    { issued }: Saved,
    request: RequestFacts | undefined,
  ): DeviceHeaders | undefined {
    const wasBound = (loaded.meta as { device?: unknown }).device !== undefined;
    const setCookie = destroyed && wasBound ? [this.deletion()] : [];
    const isBegun = issued !== undefined && (loaded.isNew || sid !== loaded.sid);
    const canBind = isBegun && request !== undefined && this.#canBind(request);
    if (!canBind) return setCookie.length === 0 ? undefined : { setCookie, headers: {} };
    const registration = this.#registration(sid, issued.iat);
    return { setCookie, headers: { "secure-session-registration": registration } };
  }

  /**
   * Returns the path of a device endpoint for these sessions; other sessions of the app have other
   * paths.
   */
  pathOf(path: string): string {
    return pathFor(path, this.shared.settings.property);
  }

  /** Makes the header that asks a browser to create a key on its device. */
  #registration(sid: string, now: number): string {
    const { ring } = this.shared.settings;
    const challenge = makeLabel(ring, "device-register", now + REGISTRATION_SECONDS, [sid]);
    const algorithms = this.settings.algorithms.join(" ");
    return `(${algorithms});path=${writeText(this.#publicPathOf(REGISTRATION_PATH))};challenge=${writeText(challenge)}`;
  }

  /**
   * Makes the short-lived cookie of a device-bound session. When the cookie expires, the browser
   * must prove that it has the session's key to get a new one.
   */
  boundCookie(sid: string, { key, until }: DeviceRecord): string {
    const { ring } = this.shared.settings;
    const label = makeLabel(ring, "device-cookie", until, [sid, key]);
    return serializeCookie(this.#cookieName, label, this.#attributes, this.settings.refresh);
  }

  deletion(): string {
    return serializeCookie(this.#cookieName, "", this.#attributes, 0);
  }

  /**
   * Makes the challenge that a browser must sign to refresh the cookie of a device-bound session.
   * The expiry of the newest such cookie is part of the challenge, so each refresh makes earlier
   * challenges invalid.
   */
  challenge(sid: string, { until }: DeviceRecord, now: number): string {
    // The browser gets the challenge with its cookie and uses it only when the cookie expires, so
    // the challenge must be valid until then.
    const end = Math.max(until, now) + GRACE_SECONDS;
    return makeLabel(this.shared.settings.ring, "device-refresh", end, [sid, String(until)]);
  }

  /**
   * Makes the `Secure-Session-Challenge` header with the challenge for the browser's next refresh.
   */
  challengeHeader(sid: string, record: DeviceRecord, identifier: string, now: number): string {
    return `${writeText(this.challenge(sid, record, now))};id=${writeText(identifier)}`;
  }

  /**
   * Makes the JSON session instructions that the draft "Device Bound Session Credentials" defines.
   * Each answer to a browser contains all of them.
   */
  instructions(key: DeviceKey): string {
    return JSON.stringify({
      session_identifier: identifierOf(key),
      refresh_url: this.#publicPathOf(REFRESH_PATH),
      scope: { include_site: false },
      credentials: [
        { type: "cookie", name: this.#cookieName, attributes: this.#attributes.slice("; ".length) },
      ],
    });
  }

  /** True if the audience in a device's proof is an endpoint of this server. */
  isAudience(audience: string, facts: RequestFacts): boolean {
    const own = this.shared.ownOrigin(facts);
    if (own === undefined) return false;
    return [REGISTRATION_PATH, REFRESH_PATH].some(
      (path) => own + this.#publicPathOf(path) === audience,
    );
  }

  #publicPathOf(path: string): string {
    return this.shared.settings.publicPath + this.pathOf(path);
  }

  #isBound(sid: string, { key, since }: DeviceRecord, header: string, now: number): boolean {
    if (now - since <= GRACE_SECONDS) return true;
    const label = findCookie(header, this.#cookieName);
    const { ring } = this.shared.settings;
    return (
      typeof label === "string" &&
      checkLabel(ring, "device-cookie", label, [sid, key], now) === "good"
    );
  }

  #mayBeUnbound(loaded: LoadedSnapshot, now: number): boolean {
    const { require } = this.settings;
    if (require === undefined || now - loaded.born <= GRACE_SECONDS) return true;
    return !require(copyData(loaded.data) as never);
  }

  #reject({ sid, cookies }: LoadedSnapshot, now: number): LoadedSnapshot {
    return rejectCookie(this.shared, "device", now, cookies, sid);
  }

  /** True if the browser can bind the session: only over TLS or on localhost. */
  #canBind(request: RequestFacts): boolean {
    if (this.shared.isSecure(request)) return true;
    const host = request.header("host") ?? "";
    return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);
  }
}
