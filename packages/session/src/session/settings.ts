import { checkCookie } from "../cookie/rules.ts";
import { MAX_AGE_LIMIT, serializeAttributes } from "../cookie/serialize.ts";
import { SessionError } from "../errors.ts";
import { createKeyRing, type KeyRing } from "../token/keys.ts";
import type { Lifetimes } from "../token/times.ts";
import type { Accepted } from "../token/token.ts";
import { Events } from "./events.ts";
import type { SessionFormat } from "./format.ts";
import { readSecretKeys } from "./keys.ts";
import { nearest } from "./nearest.ts";
import type { CookieSessionOptions } from "./options.ts";
import type { StandardSchema } from "./schema.ts";

/** The options, checked and brought into the form that requests use. */
export interface SessionSettings {
  readonly cookieName: string;
  /** The cookies of a session in one piece: the name alone. */
  readonly cookieNames: readonly string[];
  readonly ring: KeyRing;
  readonly lifetimes: Lifetimes;
  readonly rolling: boolean;
  readonly encrypt: boolean;
  readonly accepted: Accepted;
  readonly httpsOnly: boolean | "auto";
  /** The attributes of a Set-Cookie, without and with `Secure`. */
  readonly attributes: { readonly plain: string; readonly secure: string };
  readonly chunks: boolean;
  readonly schema: StandardSchema | undefined;
  readonly migrate: CookieSessionOptions["migrate"];
  readonly formats: readonly SessionFormat[];
  readonly writeAs: SessionFormat | undefined;
  readonly events: Events;
}

const DAY = 86_400;
const HARDENED = {
  sessionCookie: "__Host-session",
  httpsOnly: true,
  encrypt: true,
  sameSite: "lax",
  maxAge: 3600,
  absoluteMaxAge: DAY / 2,
} as const;

const fault = (message: string) => new SessionError("ERR_SESSION_OPTION", message);

/**
 * Checks the options, once, at set-up.
 *
 * @throws SessionError `ERR_SESSION_OPTION` or `ERR_SESSION_KEY`; no message shows a value
 */
export function readSettings(given: CookieSessionOptions): SessionSettings {
  const options = given.hardened === true ? { ...HARDENED, ...withoutUndefined(given) } : given;
  for (const name of ["partitioned", "encrypt", "rolling", "chunks", "hardened"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "boolean") {
      throw fault(`${name} must be true or false.`);
    }
  }
  const formats = readFormats(options);
  const { writeAs, sessionCookie = "session", encrypt = false } = options;
  const cookieName = writeAs?.cookieNames[0] ?? sessionCookie;
  const httpsOnly = readHttpsOnly(options.httpsOnly);
  // Before the keys: they are derived from the name.
  const attributes = readAttributes(cookieName, options, httpsOnly);
  if (writeAs !== undefined && typeof options.absoluteMaxAge === "number") {
    throw fault("absoluteMaxAge needs Galleta's own cookie: that of writeAs has no beginning.");
  }
  return {
    cookieName,
    cookieNames: [cookieName],
    ring: createKeyRing(readSecretKeys(options.secretKey), cookieName),
    lifetimes: {
      maxAge: readSeconds("maxAge", options.maxAge, 14 * DAY),
      absoluteMaxAge: readSeconds("absoluteMaxAge", options.absoluteMaxAge, null),
    },
    rolling: options.rolling ?? true,
    encrypt,
    accepted: readAccepted(options.accept, encrypt),
    httpsOnly,
    attributes,
    chunks: options.chunks ?? false,
    schema: readSchema(options.schema),
    migrate: readFunction("migrate", options.migrate),
    formats,
    writeAs,
    events: new Events(readFunction("onEvent", options.onEvent)),
  };
}

/**
 * Refuses options that do not exist, with the name that was most likely meant.
 *
 * @throws SessionError `ERR_SESSION_OPTION`
 */
export function checkOptionNames(options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw fault("The options of sessions are an object with at least secretKey.");
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    const hint = meant === undefined ? `Known are ${names.join(", ")}.` : `Did you mean ${meant}?`;
    throw fault(`There is no session option "${name.slice(0, 60)}". ${hint}`);
  }
}

function withoutUndefined(options: CookieSessionOptions): CookieSessionOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as CookieSessionOptions;
}

function readSeconds(name: string, value: unknown, byDefault: number | null): number | null {
  if (value === undefined) return byDefault;
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isInteger(value) || value <= 0) {
    throw fault(`${name} must be a whole number of seconds above 0, or null.`);
  }
  if (value > MAX_AGE_LIMIT) {
    throw fault(`${name} is more than 400 days (${MAX_AGE_LIMIT} s), which no browser keeps.`);
  }
  return value;
}

function readHttpsOnly(value: unknown): boolean | "auto" {
  if (value === undefined) return false;
  if (value !== "auto" && typeof value !== "boolean") {
    throw fault('httpsOnly must be true, false or "auto".');
  }
  return value;
}

function readAccepted(value: unknown, encrypt: boolean): Accepted {
  if (value === undefined) return { signed: !encrypt, encrypted: encrypt };
  const known = ["signed", "encrypted"];
  if (!Array.isArray(value) || value.length === 0 || !value.every((kind) => known.includes(kind))) {
    throw fault('accept must be a list of "signed" and "encrypted".');
  }
  const accepted = { signed: value.includes("signed"), encrypted: value.includes("encrypted") };
  if (!(encrypt ? accepted.encrypted : accepted.signed)) {
    throw fault("accept must contain the kind that is written; see encrypt.");
  }
  return accepted;
}

function readAttributes(
  cookieName: string,
  options: CookieSessionOptions,
  httpsOnly: boolean | "auto",
): SessionSettings["attributes"] {
  const { path = "/", domain, sameSite = "lax", partitioned = false } = options;
  if (typeof cookieName !== "string") throw fault("sessionCookie must be a string.");
  if (typeof path !== "string") throw fault("path must be a string.");
  if (domain !== undefined && typeof domain !== "string") throw fault("domain must be a string.");
  if (!["lax", "strict", "none"].includes(sameSite)) {
    throw fault('sameSite must be "lax", "strict" or "none".');
  }
  const attributes = { path, domain, sameSite, partitioned };
  checkCookie(cookieName, { ...attributes, secure: httpsOnly === true });
  return {
    plain: serializeAttributes({ ...attributes, secure: httpsOnly === true }),
    secure: serializeAttributes({ ...attributes, secure: httpsOnly !== false }),
  };
}

function readSchema(schema: StandardSchema | undefined): StandardSchema | undefined {
  if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
    throw fault("schema must be a Standard Schema, as those of zod, valibot or arktype are.");
  }
  return schema;
}

function readFunction<T>(name: string, value: T): T {
  if (value !== undefined && typeof value !== "function")
    throw fault(`${name} must be a function.`);
  return value;
}

function readFormats({ formats = [], writeAs }: CookieSessionOptions): readonly SessionFormat[] {
  if (!Array.isArray(formats)) throw fault("formats must be a list, as in [starlette({ ... })].");
  // What is written is also read, and before everything else.
  const all: readonly SessionFormat[] =
    writeAs === undefined || formats.includes(writeAs) ? formats : [writeAs, ...formats];
  for (const format of all) {
    const { read, write, cookieNames } = format ?? {};
    if (typeof read !== "function" || typeof write !== "function" || !cookieNames?.length) {
      throw fault("formats and writeAs take what a factory such as starlette({ ... }) returns.");
    }
  }
  return all;
}
