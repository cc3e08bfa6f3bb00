import { Secret, type SessionOptions } from "@galleta/session";
import type { SessionContext } from "@galleta/session/adapter";
import { readCsrfOption, weaknessOf } from "@galleta/session/internals";
import { durationInWords, plural } from "./words.ts";

/** How urgent a piece of advice is. */
export type AdviceLevel =
  /** The setting must be changed before production. */
  | "warning"
  /** The setting is fine if you chose it deliberately. */
  | "note"
  /** The setting needs no change. */
  | "ok";

/** The advice on one setting. Its text never contains a secret key. */
export interface Advice {
  readonly level: AdviceLevel;
  /** The option that the advice is about, or another subject. */
  readonly topic: string;
  /** The current state of the setting, as a sentence. */
  readonly text: string;
  /** The change to make, as a sentence with code in backquotes. */
  readonly fix?: string;
}

type Judge = (options: SessionOptions, context: SessionContext<never>) => Advice;

const DAY = 86_400;

/**
 * Judges session options for production. Lists each weakness with its fix, warnings first.
 *
 * @param options the options of `createSessions`
 * @param context the context of any request to these sessions; it has the defaults of missing
 *   options
 */
export function adviseOn(options: SessionOptions, context: SessionContext<never>): Advice[] {
  const order: readonly AdviceLevel[] = ["warning", "note", "ok"];
  return JUDGES.map((judge) => judge(options, context)).toSorted(
    (a, b) => order.indexOf(a.level) - order.indexOf(b.level),
  );
}

const say =
  (level: AdviceLevel) =>
  (topic: string, text: string, fix: string): Advice => ({ level, topic, text, fix });
const warning = say("warning");
const note = say("note");
const ok = (topic: string, text: string): Advice => ({ level: "ok", topic, text });

const judgeKeys: Judge = ({ secretKey }) => {
  const keys = [secretKey].flat().map((key) => (key instanceof Secret ? key.reveal() : key));
  const weak = keys.map((key) => weaknessOf(key));
  const index = weak.findIndex((weakness) => weakness !== undefined);
  const which = keys.length > 1 ? ` number ${index + 1}` : "";
  if (index < 0) return ok("secretKey", `${plural(keys.length, "strong key")}.`);
  return warning(
    "secretKey",
    `The key${which} ${weak[index]}: anyone who guesses it can write any session.`,
    "Set SECRET_KEY to the output of `npx galleta secret`. With NODE_ENV=production this key throws an error.",
  );
};

const judgeSecure: Judge = ({ trustProxy }, { settings: { httpsOnly } }) => {
  if (httpsOnly === true) return ok("httpsOnly", "The cookie travels over HTTPS only.");
  if (httpsOnly === false) {
    return warning(
      "httpsOnly",
      "The cookie also travels over plain HTTP, where anyone on the network path can read and use it.",
      'Set `httpsOnly: true`, or `"auto"` if development has no HTTPS.',
    );
  }
  return trustProxy === undefined || trustProxy === false
    ? note(
        "httpsOnly",
        "Secure is set only if the connection to this process uses TLS. Behind a proxy that ends TLS, Secure is missing.",
        "Behind a proxy that ends TLS, set `trustProxy: true`, or `httpsOnly: true`.",
      )
    : ok("httpsOnly", "Secure is set if the client's connection is TLS.");
};

const judgeCsrf: Judge = ({ csrf, trustedOrigins = [] }) => {
  const { enabled, strict, exempt } = readCsrfOption(csrf);
  if (!enabled) {
    return warning(
      "csrf",
      "Any site can send requests in the name of your users.",
      "Remove `csrf: false`. For single paths use `csrf: { exempt: [...] }`, for other sites `trustedOrigins`.",
    );
  }
  const open = [
    exempt.size > 0 ? plural(exempt.size, "path") : "",
    trustedOrigins.length > 0 ? plural(trustedOrigins.length, "other origin") : "",
  ].filter(Boolean);
  if (open.length > 0) {
    return note(
      "csrf",
      `Requests from other sites are denied, except for ${open.join(" and ")}.`,
      "Keep `csrf.exempt` and `trustedOrigins` as short as you can.",
    );
  }
  return ok("csrf", `Requests from other sites are denied${strict ? ", strictly" : ""}.`);
};

const judgeSameSite: Judge = ({ sameSite = "lax" }) =>
  sameSite === "none"
    ? note(
        "sameSite",
        "Browsers send the cookie with requests that other sites make.",
        'Set `sameSite: "lax"` unless your pages are embedded in other sites.',
      )
    : ok(
        "sameSite",
        `Browsers leave the cookie out of most requests that other sites make (${sameSite}).`,
      );

const judgeEncryption: Judge = (_options, { settings: { encrypt, writeAs } }) => {
  if (writeAs !== undefined) {
    return note(
      "writeAs",
      `The cookie has the format of ${writeAs.name}, and is protected only as far as that format allows.`,
      "Remove `writeAs` once the other service no longer needs the session.",
    );
  }
  return encrypt
    ? ok("encrypt", "Only the server can read the session.")
    : note(
        "encrypt",
        "Users can read their session, but not change it.",
        "Set `encrypt: true` if the session contains anything that its user should not see.",
      );
};

const judgeStore: Judge = ({ store, onStoreError }) => {
  if (store === undefined) {
    return note(
      "store",
      "A copied cookie stays valid until it expires, even after its user logged out.",
      "Set a `store` to reject copies of a cookie after the logout, and to end all sessions of a user.",
    );
  }
  if (store.isLocal) {
    return note(
      "store",
      "The store is in the memory of this process. Other processes do not know which sessions ended, and a restart of this process empties the store.",
      "Use a store that processes share, such as `redisStore(client)`.",
    );
  }
  if (onStoreError === "allow") {
    return note(
      "onStoreError",
      "While the store fails, ended sessions are accepted again.",
      'Remove `onStoreError: "allow"` unless the app must work without its store.',
    );
  }
  return ok("store", "Ended sessions stay ended: copies of their cookies are rejected.");
};

const judgeName: Judge = ({ domain }, { settings: { cookieName } }) => {
  if (domain !== undefined) {
    return note(
      "domain",
      "Every host of the domain gets the cookie and can overwrite it.",
      "Remove `domain` unless you control every host of the domain and need the option.",
    );
  }
  return /^__host-/i.test(cookieName)
    ? ok("sessionCookie", "No other host can set this cookie.")
    : note(
        "sessionCookie",
        "Another host of your domain can set a cookie of this name.",
        'Set `sessionCookie: "__Host-session"`, which needs `httpsOnly: true`.',
      );
};

const judgeLifetime: Judge = (_options, { settings: { lifetimes, rolling } }) => {
  const { maxAge, absoluteMaxAge } = lifetimes;
  if (absoluteMaxAge !== null) {
    return ok("absoluteMaxAge", `A session ends after ${durationInWords(absoluteMaxAge)}.`);
  }
  if (maxAge === null) {
    return note(
      "maxAge",
      "A copied cookie never expires.",
      `Set \`maxAge: ${14 * DAY}\` (seconds: 14 days) or less.`,
    );
  }
  const end = durationInWords(maxAge);
  if (!rolling) return ok("maxAge", `A session ends after ${end}.`);
  return note(
    "absoluteMaxAge",
    `A session ends ${end} after its last use, so a session in use never ends.`,
    `Set \`absoluteMaxAge: ${30 * DAY}\` (seconds: 30 days) or less.`,
  );
};

const judgeHosts: Judge = ({ allowedHosts = ["*"] }) =>
  allowedHosts.includes("*")
    ? note(
        "allowedHosts",
        "Every Host header is accepted.",
        'List your hosts, such as `allowedHosts: ["example.com"]`, if no proxy checks them.',
      )
    : ok("allowedHosts", `${plural(allowedHosts.length, "host")}; requests for others get 400.`);

const JUDGES: readonly Judge[] = [
  judgeKeys,
  judgeSecure,
  judgeCsrf,
  judgeEncryption,
  judgeStore,
  judgeName,
  judgeLifetime,
  judgeSameSite,
  judgeHosts,
];
