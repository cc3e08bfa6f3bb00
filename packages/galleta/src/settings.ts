import {
  clusterBackplane,
  createSessions,
  Secret,
  type CreateSessionsOptions,
  type Sessions,
} from "@galleta/session";
import { assertApart, createCrossSiteCheck, nearest } from "@galleta/session/adapter";
import { coreOf, type App } from "./app.ts";
import type { Core } from "./core.ts";
import { SettingsError } from "./errors.ts";
import { mountInspector } from "./inspector.ts";
import { openStoreUrl } from "./store-url.ts";

/** The settings of an app, by name. */
export type SettingsTable = ReadonlyMap<string, unknown>;

/** A function that adds routes, middleware or error handlers to an app. */
export type Plugin = (app: App) => void;

/** An entry of the setting `PLUGINS`: a plugin, alone or with a condition. */
export type PluginEntry = Plugin | readonly [plugin: Plugin, condition: boolean | (() => boolean)];

/** The options of the session, where the store may be a URL. */
export interface SessionSettings extends Omit<CreateSessionsOptions, "store"> {
  /**
   * A store for `createSessions`, or a URL: `sqlite:./sessions.db`, `redis://`, `rediss://`,
   * `postgres://`. Its driver comes from the app's dependencies. Redis and PostgreSQL also become
   * the backplane.
   */
  readonly store?: CreateSessionsOptions["store"] | string | Secret;
}

/** The settings that the framework reads. An app may add its own. */
export interface AppSettings {
  /**
   * Switches sessions on: `true` reads the key from the environment variable `SECRET_KEY`. A list
   * gives each request several sessions: the first is `req.session`, the others have a `property`.
   */
  readonly SESSIONS?: boolean | SessionSettings | readonly SessionSettings[] | undefined;
  /** Functions that extend the app, or pairs of a function and a condition. */
  readonly PLUGINS?: readonly PluginEntry[] | undefined;
  /** The largest body of a request, in bytes. Default 1 MiB. */
  readonly BODY_LIMIT?: number | undefined;
  /** The hosts to serve; a request for another host gets 400. Default: any. */
  readonly ALLOWED_HOSTS?: readonly string[] | undefined;
  /** Switches on the session inspector at `/.galleta/` in development. Default true. */
  readonly INSPECTOR?: boolean | undefined;
  readonly [name: string]: unknown;
}

/** Reads the settings of the app that was configured last. */
export interface Settings {
  /**
   * Returns a setting, or the fallback if it is missing.
   *
   * @throws SettingsError `ERR_GALLETA_NOT_CONFIGURED` before `configure` ran
   */
  get<Fallback>(name: string, fallback: Fallback): Fallback;
  get(name: string): unknown;
  /**
   * Returns a setting by its upper-case name.
   *
   * @throws SettingsError `ERR_GALLETA_SETTINGS` if there is no such setting;
   *   `ERR_GALLETA_NOT_CONFIGURED` before `configure` ran
   */
  readonly [NAME: Uppercase<string>]: unknown;
}

const SETTING = /^[A-Z][A-Z0-9_]*$/;

let current: SettingsTable | undefined;

/**
 * Gives an app its settings, once. In a module or an object, the upper-case names are settings; a
 * leading underscore hides one. `overrides` take precedence over `settings`.
 *
 * The framework reads `SESSIONS` (`true` reads the key from the environment variable SECRET_KEY; an
 * object has the session options), `PLUGINS` (a list of functions that take the app, or of
 * `[plugin, condition]`), `BODY_LIMIT` (bytes, default 1 MiB), `ALLOWED_HOSTS` (the hosts that are
 * served; others get 400) and `INSPECTOR` (false removes the session inspector that development has
 * at `/.galleta/`).
 *
 * @throws SettingsError `ERR_GALLETA_CONFIGURED_TWICE` the second time; `ERR_GALLETA_SETTINGS` if a
 *   setting is wrong; for `SESSIONS` its `cause` is the engine's SessionError
 * @example
 * ```ts
 * import * as settings from "./settings.ts";
 * const app = new App();
 * configure(app, settings, { BODY_LIMIT: 64 * 1024 });
 * ```
 */
export function configure<Data extends object>(
  app: App<Data>,
  settings: AppSettings = {},
  overrides: AppSettings = {},
): void {
  const core = coreOf(app);
  if (core.settings !== undefined) {
    throw new SettingsError("ERR_GALLETA_CONFIGURED_TWICE", "This app is already configured.");
  }
  const table: SettingsTable = new Map([...entriesOf(settings), ...entriesOf(overrides)]);
  checkNames(table);
  const hosts = readAllowedHosts(table.get("ALLOWED_HOSTS"));
  const [sessions, ...others] = readAllSessions(table.get("SESSIONS"), hosts, core);
  const plugins = readPlugins(table.get("PLUGINS"));
  const bodyLimit = readBodyLimit(table.get("BODY_LIMIT"), core);
  mountInspector(core, sessions, table);

  core.sessions = sessions;
  core.otherSessions = others;
  core.hosts = hosts && createCrossSiteCheck(hosts);
  for (const each of sessions === undefined ? [] : [sessions, ...others]) {
    core.lifecycle.on("startup", () => each.start());
    core.lifecycle.on("shutdown", () => each.stop());
  }
  core.bodyLimit = bodyLimit;
  core.settings = current = table;
  for (const plugin of plugins) plugin(app as unknown as App);
}

/**
 * The settings of the app that was configured last, readable anywhere. `settings.DEBUG` throws if
 * there is no such setting, `settings.get("DEBUG", false)` does not.
 *
 * @example
 * ```ts
 * import { settings } from "galleta";
 * const limit = settings.get("PAGE_SIZE", 20);
 * ```
 */
export const settings: Settings = new Proxy({} as Settings, {
  get(_target, name) {
    if (name === "get") return lookUp;
    if (typeof name !== "string" || !SETTING.test(name)) return undefined;
    const table = configured();
    if (table.has(name)) return table.get(name);
    throw new SettingsError(
      "ERR_GALLETA_SETTINGS",
      `There is no setting ${name}. Use settings.get("${name}", fallback) if it is optional.`,
    );
  },
  has: (_target, name) => typeof name === "string" && current?.has(name) === true,
});

function lookUp(name: string, fallback?: unknown): unknown {
  const table = configured();
  return table.has(name) ? table.get(name) : fallback;
}

function configured(): SettingsTable {
  if (current !== undefined) return current;
  throw new SettingsError(
    "ERR_GALLETA_NOT_CONFIGURED",
    "There are no settings yet. Call configure(app, settings) first.",
  );
}

function entriesOf(settings: object): [string, unknown][] {
  if (typeof settings !== "object" || settings === null) {
    throw unusable("The settings must be a module or an object.");
  }
  return Object.entries(settings).filter(([name]) => SETTING.test(name));
}

const OWN_NAMES = ["SESSIONS", "PLUGINS", "BODY_LIMIT", "ALLOWED_HOSTS", "INSPECTOR"];

/** Throws for a name that is probably a misspelt setting of the framework. */
function checkNames(table: SettingsTable): void {
  for (const name of table.keys()) {
    const meant = OWN_NAMES.includes(name) ? undefined : nearest(name, OWN_NAMES);
    if (meant === undefined || table.has(meant)) continue;
    throw unusable(
      `There is no setting ${name}. Did you mean ${meant}? If it is a setting of your own, give it ` +
        "a name that differs more.",
    );
  }
}

type Hosts = Pick<CreateSessionsOptions, "allowedHosts">;

function readAllowedHosts(setting: unknown): Hosts | undefined {
  if (setting === undefined) return undefined;
  const hosts = { allowedHosts: setting as readonly string[] };
  try {
    createCrossSiteCheck(hosts);
  } catch (cause) {
    throw unusable(`ALLOWED_HOSTS: ${cause instanceof Error ? cause.message : "unusable"}`, cause);
  }
  return hosts;
}

/** Reads one set of sessions, or a list of them. */
function readAllSessions(
  setting: unknown,
  hosts: Hosts | undefined,
  core: Core,
): Sessions<never>[] {
  if (!Array.isArray(setting)) {
    const only = readSessions(setting, hosts, core);
    return only === undefined ? [] : [only];
  }
  const all = (setting as unknown[]).map((each) => {
    if (typeof each === "object" && each !== null) return readSessions(each, hosts, core)!;
    throw unusable("If SESSIONS is a list, each entry must be an object of options.");
  });
  if (all[0]?.property !== "session") {
    throw unusable("The first entry of SESSIONS is req.session. Leave out its property.");
  }
  try {
    all.forEach((sessions, index) => {
      for (const other of all.slice(0, index)) assertApart({ sessions }, { sessions: other });
    });
  } catch (cause) {
    throw unusable(`SESSIONS: ${cause instanceof Error ? cause.message : "unusable"}`, cause);
  }
  return all;
}

function readSessions(
  setting: unknown,
  hosts: Hosts | undefined,
  core: Core,
): Sessions<never> | undefined {
  if (setting === undefined || setting === false) return undefined;
  if (setting !== true && (typeof setting !== "object" || setting === null)) {
    throw unusable("SESSIONS must be true, false, or an object of options.");
  }
  const options: Partial<SessionSettings> =
    setting === true ? { secretKey: process.env["SECRET_KEY"] ?? "" } : setting;
  if (isMissing(options.secretKey)) {
    throw unusable(
      setting === true
        ? "SESSIONS is true, and the environment variable SECRET_KEY is missing or empty. " +
            "`npx galleta secret` prints a strong one."
        : "SESSIONS has no secretKey, or an empty one. `npx galleta secret` prints a strong one.",
    );
  }
  checkWorkers(options as CreateSessionsOptions);
  const opened = openStoreUrl(options.store);
  try {
    const sessions = createSessions<never>({
      ...withRelay(),
      ...hosts,
      ...opened?.options,
      ...options,
      ...(opened && { store: opened.options.store }),
    } as CreateSessionsOptions<never>);
    // Shutdown listeners run in reverse order: the sessions stop before their store closes.
    if (opened !== undefined) core.lifecycle.on("shutdown", opened.close);
    return sessions;
  } catch (cause) {
    void opened?.close();
    throw unusable(`SESSIONS: ${cause instanceof Error ? cause.message : "unusable"}`, cause);
  }
}

/**
 * Throws for memoryStore with several workers. Connections go to the workers in turn, so the next
 * request may reach a worker that does not have the session.
 */
function checkWorkers({ store, storage }: CreateSessionsOptions): void {
  const workers = Number(process.env["GALLETA_WORKERS"]);
  const isLocal = (store as { readonly isLocal?: unknown } | undefined)?.isLocal === true;
  if (!(workers > 1) || storage !== "store" || !isLocal) return;
  throw unusable(
    `SESSIONS keeps sessions in a memoryStore, but each of the ${workers} workers has its own. ` +
      "Use a store that processes share, such as redisStore, or keep sessions in the cookie by " +
      'leaving out `storage: "store"`.',
  );
}

/** Connects the workers of `galleta serve --workers`, unless the app sets a backplane. */
function withRelay(): Pick<CreateSessionsOptions, "backplane"> {
  const isRelayed = process.env["GALLETA_RELAY"] === "1" && process.send !== undefined;
  return isRelayed ? { backplane: clusterBackplane() } : {};
}

function isMissing(key: unknown): boolean {
  if (key instanceof Secret) return key.reveal() === "";
  if (Array.isArray(key)) return key.length === 0 || key.some(isMissing);
  return key === undefined || key === null || key === "";
}

function readPlugins(setting: unknown): Plugin[] {
  if (setting === undefined) return [];
  if (!Array.isArray(setting)) throw unusable("PLUGINS must be a list.");
  const plugins: Plugin[] = [];
  for (const [index, entry] of (setting as unknown[]).entries()) {
    const [plugin, condition = true] = Array.isArray(entry) ? (entry as unknown[]) : [entry];
    const isUsed: unknown = typeof condition === "function" ? condition() : condition;
    if (typeof plugin !== "function" || typeof isUsed !== "boolean") {
      throw unusable(`PLUGINS[${index}] must be a function or [function, condition].`);
    }
    if (isUsed) plugins.push(plugin as Plugin);
  }
  return plugins;
}

function readBodyLimit(setting: unknown, { bodyLimit }: Core): number {
  if (setting === undefined) return bodyLimit;
  if (typeof setting === "number" && Number.isInteger(setting) && setting >= 0) return setting;
  throw unusable("BODY_LIMIT must be a whole number of bytes.");
}

function unusable(message: string, cause?: unknown): SettingsError<"ERR_GALLETA_SETTINGS"> {
  return new SettingsError("ERR_GALLETA_SETTINGS", message, cause === undefined ? {} : { cause });
}
