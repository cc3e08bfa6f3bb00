import { SessionError } from "../errors.ts";
import { nowSeconds } from "./clock.ts";
import { loadForeignStored } from "./foreign-store.ts";
import { NO_META } from "./json.ts";
import { findSession, isAskedFor, settle } from "./load.ts";
import { askFormats, namesIn, type StoredReadings } from "./load-foreign.ts";
import type { LoadedSnapshot, VerifiedCookie } from "./records.ts";
import { EMPTY_BODY } from "./save.ts";
import type { Shared } from "./shared.ts";
import { emptySession } from "./snapshot.ts";
import { isVerified } from "./verified.ts";

/**
 * A function that returns the loaded session. It throws if a store has not answered yet, or failed.
 */
export type Ahead = () => LoadedSnapshot;

/** The functions that {@link loadAhead} calls when a session was loaded, or could not be. */
export interface Loading {
  /**
   * Called with a function that returns the session. While a store is asked, that function throws.
   */
  loaded(ahead: Ahead): void;
  /** Called if a store failed. `found` is what the request's cookie says about the session. */
  failed(error: unknown, found: VerifiedCookie | LoadedSnapshot): void;
}

/**
 * Loads the session of a request before the handler runs, and asks a store if necessary.
 *
 * @returns a promise only if a store must be asked; it never rejects
 */
export function loadAhead(
  shared: Shared,
  header: string,
  loading: Loading,
): Promise<void> | undefined {
  const asked = mustAskFormats(shared, header) ? askFormats(shared, header) : undefined;
  if (asked === undefined) return loadFound(shared, header, loading);
  loading.loaded(throwUnloaded);
  return asked.then(
    (readings) => loadFound(shared, header, loading, readings),
    (error: unknown) => loading.failed(error, emptySession(nowSeconds(), namesIn(shared, header))),
  );
}

function loadFound(
  shared: Shared,
  header: string,
  loading: Loading,
  readings?: StoredReadings,
): Promise<void> | undefined {
  const { store } = shared;
  const now = nowSeconds();
  const found = findSession(shared, header, now, readings);
  if (store === undefined) {
    loading.loaded(() => settle(shared, found, now));
    return undefined;
  }
  const isMoved = !isVerified(found) && found.meta["from"] !== undefined;
  const ready = isMoved ? undefined : store.ready(found, now);
  if (ready !== undefined) {
    loading.loaded(ready);
    return undefined;
  }
  // Until the store has answered, reading the session throws, because it may have ended.
  loading.loaded(throwUnloaded);
  return (isMoved ? loadForeignStored(shared, found, now) : store.load(found, now)).then(
    (loaded) => loading.loaded(() => loaded),
    (error: unknown) => loading.failed(error, found),
  );
}

/**
 * Reads the session of a request without waiting, if {@link loadAhead} did not load it before.
 *
 * @throws SessionError `ERR_SESSION_SETUP` if a store must be asked
 */
export function readNow(shared: Shared, header: string, now: number): LoadedSnapshot {
  if (header === "") return emptySession(now, []);
  if (mustAskFormats(shared, header) && namesIn(shared, header).length > 0) throwUnloaded();
  const found = findSession(shared, header, now);
  const { store } = shared;
  if (store === undefined) return settle(shared, found, now);
  return (store.ready(found, now) ?? throwUnloaded)();
}

/** True if another framework's store must be asked, because the request has no Galleta cookie. */
function mustAskFormats(shared: Shared, header: string): boolean {
  return shared.settings.stored.length > 0 && isAskedFor(shared, header);
}

/**
 * Makes a session from its cookie alone, so that the app can end the session while the store fails.
 */
export function readUnchecked(found: VerifiedCookie | LoadedSnapshot): LoadedSnapshot {
  return isVerified(found)
    ? { ...found.opened, ...NOTHING, cookies: found.present, others: found.others }
    : found;
}

/** The fields of a session whose data the store did not return. */
const NOTHING = { data: {}, meta: NO_META, json: EMPTY_BODY, isNew: false, reissue: false };

/** Throws the error for a session that is used before its store was asked. */
export function throwUnloaded(): never {
  throw new SessionError(
    "ERR_SESSION_SETUP",
    "The store has not been asked yet. Await `attach(req, res)` of the Node adapter, or `context.load()`, before you use the session.",
  );
}
