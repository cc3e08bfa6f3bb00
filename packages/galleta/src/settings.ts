import { createCrossSiteCheck } from "@galleta/session/adapter";
import {
  checkOption,
  listOf,
  nearest,
  readOptions,
  SWITCH,
  type Rules,
} from "@galleta/session/internals";
import { coreOf, type App } from "./app.ts";
import { SettingsError, settingsError } from "./errors.ts";
import { mountInspector } from "./inspector.ts";
import { BYTES } from "./route.ts";
import {
  explained,
  readAllSessions,
  type Hosts,
  type SessionSettings,
} from "./session-settings.ts";

/** The settings of an app, by name. */
export type SettingsTable = ReadonlyMap<string, unknown>;

/** A function that adds routes, middleware or error handlers to an app. */
export type Plugin = (app: App) => void;

/** An entry of the setting `PLUGINS`: a plugin, alone or with a condition for its use. */
export type PluginEntry = Plugin | readonly [plugin: Plugin, condition: boolean | (() => boolean)];

/** The settings that the framework reads. An app may add its own. */
export interface AppSettings {
  /**
   * Switches sessions on. With `true`, the key is read from the environment variable `SECRET_KEY`.
   * A list gives each request several sessions: the first is `req.session`, and the option
   * `property` names each other one.
   */
  readonly SESSIONS?: boolean | SessionSettings | readonly SessionSettings[] | undefined;
  /** Functions that extend the app, or pairs of a function and a condition. */
  readonly PLUGINS?: readonly PluginEntry[] | undefined;
  /** The largest body of a request, in bytes. Default 1 MiB. */
  readonly BODY_LIMIT?: number | undefined;
  /** The hosts that the app serves; a request for another host gets 400. Default: any host. */
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
 * Gives an app its settings. Call it once for each app, with a module or an object. Upper-case
 * names are settings, unless they start with an underscore. `overrides` take precedence over
 * `settings`.
 *
 * The framework reads `SESSIONS` (`true` reads the key from the environment variable SECRET_KEY; an
 * object has the session options), `PLUGINS` (a list of functions that take the app, or of
 * `[plugin, condition]`), `BODY_LIMIT` (bytes, default 1 MiB), `ALLOWED_HOSTS` (the hosts that are
 * served; others get 400) and `INSPECTOR` (false removes the session inspector that development has
 * at `/.galleta/`).
 *
 * @throws SettingsError `ERR_GALLETA_CONFIGURED_TWICE` if the app is already configured;
 *   `ERR_GALLETA_SETTINGS` if a setting is wrong. If that is `SESSIONS`, `cause` is the
 *   SessionError
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
  const all = readAllSessions(table.get("SESSIONS"), hosts, core);
  const { PLUGINS, BODY_LIMIT, INSPECTOR } = readOptions<Checked>(
    Object.fromEntries(table),
    RULES,
    {},
    settingsError,
  );
  const plugins = PLUGINS.flatMap(usedPlugins);
  if (INSPECTOR) mountInspector(core, all, table.get("SESSIONS"));

  [core.sessions, ...core.otherSessions] = all;
  core.hosts = hosts && createCrossSiteCheck(hosts);
  for (const each of all) {
    core.lifecycle.on("startup", () => each.start());
    core.lifecycle.on("shutdown", () => each.stop());
  }
  core.bodyLimit = BODY_LIMIT ?? core.bodyLimit;
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
    throw settingsError("The settings must be a module or an object.");
  }
  return Object.entries(settings).filter(([name]) => SETTING.test(name));
}

interface Checked {
  readonly PLUGINS: readonly PluginEntry[];
  readonly BODY_LIMIT?: number;
  readonly INSPECTOR: boolean;
}

const RULES: Rules<Checked> = {
  PLUGINS: [listOf([isPluginEntry, "functions, or pairs of a function and a condition"]), []],
  BODY_LIMIT: [BYTES],
  INSPECTOR: [SWITCH, true],
};

const OWN_NAMES = [...Object.keys(RULES), "SESSIONS", "ALLOWED_HOSTS"];

/** Throws for a name that is probably a misspelt setting of the framework. */
function checkNames(table: SettingsTable): void {
  for (const name of table.keys()) {
    const meant = OWN_NAMES.includes(name) ? undefined : nearest(name, OWN_NAMES);
    if (meant === undefined || table.has(meant)) continue;
    throw settingsError(
      `There is no setting ${name}. Did you mean ${meant}? If it is a setting of your own, give it ` +
        "a name that differs more.",
    );
  }
}

function readAllowedHosts(setting: unknown): Hosts | undefined {
  if (setting === undefined) return undefined;
  const hosts = { allowedHosts: setting as readonly string[] };
  explained("ALLOWED_HOSTS", () => createCrossSiteCheck(hosts));
  return hosts;
}

function isPluginEntry(entry: unknown): boolean {
  const [plugin, condition = true] = Array.isArray(entry) ? (entry as unknown[]) : [entry];
  const isCondition = typeof condition === "function" || typeof condition === "boolean";
  return typeof plugin === "function" && isCondition;
}

/** Returns the plugin of an entry of `PLUGINS`, unless the condition of the entry is false. */
function usedPlugins(entry: PluginEntry): Plugin[] {
  const [plugin, condition = true] = typeof entry === "function" ? [entry] : entry;
  const isUsed: unknown = typeof condition === "function" ? condition() : condition;
  checkOption("The condition of a plugin", isUsed, SWITCH, settingsError);
  return isUsed === true ? [plugin] : [];
}
