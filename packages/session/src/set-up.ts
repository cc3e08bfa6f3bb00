import { createCrossSiteCheck, type CrossSiteCheck } from "./csrf/check.ts";
import { CROSS_SITE_OPTION_NAMES, type CrossSiteOptions } from "./csrf/csrf-options.ts";
import {
  connect,
  CONNECTED_OPTION_NAMES,
  readConnected,
  type ConnectedOptions,
} from "./session/connect.ts";
import { ForeignMemory } from "./session/foreign-memory.ts";
import { COOKIE_OPTION_NAMES, type SessionCookieOptions } from "./session/options.ts";
import { RecentChanges } from "./session/recent.ts";
import { readSettings } from "./session/settings.ts";
import type { Shared } from "./session/shared.ts";
import { TokenCache } from "./token/cache.ts";
import { checkOptionNames } from "./validate.ts";

/** The options of Galleta's sessions. An unknown option throws at set-up. */
// oxlint-disable-next-line typescript/no-explicit-any -- options without a schema fit any data
export interface SessionOptions<Data = any>
  extends SessionCookieOptions<Data>, CrossSiteOptions, ConnectedOptions {}

const OPTION_NAMES = [
  ...COOKIE_OPTION_NAMES,
  ...CROSS_SITE_OPTION_NAMES,
  ...CONNECTED_OPTION_NAMES,
] as const satisfies readonly (keyof SessionOptions)[];

const UNNEEDED = "Remove it: only a session that a request changed is saved.";

/**
 * Advice for options that Galleta does not have, but express-session, cookie-session, iron-session
 * or a plugin of Fastify does.
 */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ["name", "Use sessionCookie."],
  ["cookieName", "Use sessionCookie."],
  ["password", "Use secretKey."],
  ["keys", "Use secretKey, which also takes a list."],
  [
    "cookie",
    "Set its attributes here: path, domain, sameSite, httpsOnly for `secure`, maxAge in seconds.",
  ],
  ["secure", "Use httpsOnly."],
  ["httpOnly", "Remove it: the cookie is always HttpOnly."],
  ["ttl", "Use maxAge, in seconds."],
  ["proxy", "Use trustProxy."],
  ["resave", UNNEEDED],
  ["saveUninitialized", UNNEEDED],
]);

/**
 * Checks the options of sessions, and makes the state that all requests with these options share.
 *
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`
 */
export function setUp<Data>(options: SessionOptions<Data>): {
  readonly shared: Shared;
  readonly crossSite: CrossSiteCheck;
} {
  checkOptionNames(options, OPTION_NAMES, undefined, undefined, OTHERS);
  const settings = readSettings(options);
  const connected = readConnected(options, settings.property);
  const crossSite = createCrossSiteCheck(options);
  const shared: Shared = {
    settings,
    loads: options.store !== undefined || settings.stored.length > 0,
    isSecure: crossSite.isSecure,
    ownOrigin: crossSite.ownOrigin,
    knowsProxies: options.trustProxy !== undefined,
    exchangePath: connected.exchangePath,
    socketActivity: connected.socketActivity,
    endpoints: new Map(),
    cache: new TokenCache(),
    recent: new RecentChanges(),
    foreign: new ForeignMemory(),
    store: undefined,
    live: undefined,
    device: undefined,
  };
  connect(shared, connected);
  return { shared, crossSite };
}
