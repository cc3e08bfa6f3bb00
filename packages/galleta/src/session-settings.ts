import {
  clusterBackplane,
  createSessions,
  Secret,
  type CreateSessionsOptions,
  type Sessions,
} from "@galleta/session";
import { assertApart } from "@galleta/session/adapter";
import type { Core } from "./core.ts";
import { settingsError } from "./errors.ts";
import { openStoreUrl } from "./store-url.ts";

/** The options of `createSessions`, where `store` may also be a URL. */
export interface SessionSettings extends Omit<CreateSessionsOptions, "store"> {
  /**
   * A store for `createSessions`, or a URL: `sqlite:./sessions.db`, `redis://`, `rediss://`,
   * `postgres://`. The database driver for a URL comes from the app's dependencies. A Redis or
   * PostgreSQL server named by a URL is also the backplane: it tells all processes of changes to
   * sessions.
   */
  readonly store?: CreateSessionsOptions["store"] | string | Secret;
}

/** The hosts of the setting `ALLOWED_HOSTS`, as an option for all sessions of an app. */
export type Hosts = Pick<CreateSessionsOptions, "allowedHosts">;

/**
 * Makes the sessions that the setting `SESSIONS` describes: none, one, or one for each entry of a
 * list.
 *
 * @throws SettingsError `ERR_GALLETA_SETTINGS` if the setting is wrong; its `cause` is the
 *   SessionError, if there is one
 */
export function readAllSessions(
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
    throw settingsError("If SESSIONS is a list, each entry must be an object of options.");
  });
  if (all[0]?.property !== "session") {
    throw settingsError(
      "The first entry of SESSIONS is always req.session. Remove its option `property`.",
    );
  }
  explained("SESSIONS", () =>
    all.forEach((sessions, index) => {
      for (const other of all.slice(0, index)) assertApart({ sessions }, { sessions: other });
    }),
  );
  return all;
}

function readSessions(
  setting: unknown,
  hosts: Hosts | undefined,
  core: Core,
): Sessions<never> | undefined {
  if (setting === undefined || setting === false) return undefined;
  if (setting !== true && (typeof setting !== "object" || setting === null)) {
    throw settingsError("SESSIONS must be true, false, or an object of options.");
  }
  const options: Partial<SessionSettings> =
    setting === true ? { secretKey: process.env["SECRET_KEY"] ?? "" } : setting;
  if (isMissing(options.secretKey)) {
    throw settingsError(
      setting === true
        ? "SESSIONS is true, and the environment variable SECRET_KEY is missing or empty. " +
            "`npx galleta secret` prints a strong one."
        : "SESSIONS has no secretKey, or an empty one. `npx galleta secret` prints a strong one.",
    );
  }
  checkWorkers(options as CreateSessionsOptions);
  const opened = openStoreUrl(options.store);
  try {
    const all = {
      ...withRelay(),
      ...hosts,
      ...opened?.options,
      ...options,
      ...(opened && { store: opened.options.store }),
    } as CreateSessionsOptions<never>;
    const sessions = explained("SESSIONS", () => createSessions<never>(all));
    // Shutdown listeners run in reverse order: the sessions stop before their store closes.
    if (opened !== undefined) core.lifecycle.on("shutdown", opened.close);
    return sessions;
  } catch (error) {
    void opened?.close();
    throw error;
  }
}

/**
 * Throws if a memoryStore keeps the sessions and there are several worker processes. Connections go
 * to the workers in turn, so the next request may reach a worker that does not have the session.
 */
function checkWorkers({ store, storage }: CreateSessionsOptions): void {
  const workers = Number(process.env["GALLETA_WORKERS"]);
  const isLocal = (store as { readonly isLocal?: unknown } | undefined)?.isLocal === true;
  if (!(workers > 1) || storage !== "store" || !isLocal) return;
  throw settingsError(
    `SESSIONS keeps sessions in a memoryStore, but each of the ${workers} workers has its own. ` +
      "Use a store that processes share, such as redisStore, or keep sessions in the cookie by " +
      'leaving out `storage: "store"`.',
  );
}

/**
 * Returns the session option that connects the worker processes of `galleta serve --workers`. An
 * app's own option `backplane` takes precedence.
 */
function withRelay(): Pick<CreateSessionsOptions, "backplane"> {
  const isRelayed = process.env["GALLETA_RELAY"] === "1" && process.send !== undefined;
  return isRelayed ? { backplane: clusterBackplane() } : {};
}

function isMissing(key: unknown): boolean {
  if (key instanceof Secret) return key.reveal() === "";
  if (Array.isArray(key)) return key.length === 0 || key.some(isMissing);
  return key === undefined || key === null || key === "";
}

/**
 * Calls a function. If it throws, throws a SettingsError whose message starts with the name of the
 * setting.
 */
export function explained<Result>(name: string, call: () => Result): Result {
  try {
    return call();
  } catch (cause) {
    throw settingsError(`${name}: ${cause instanceof Error ? cause.message : "unusable"}`, cause);
  }
}
