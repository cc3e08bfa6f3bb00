import { UNTOUCHED, type Commit } from "../cookie/headers.ts";
import { SessionError } from "../errors.ts";
import { when, type MaybePromise } from "../maybe.ts";
import { newSessionId } from "../token/token.ts";
import { serializeBody } from "./body.ts";
import { nowSeconds } from "./clock.ts";
import { ACCESSED, commitState, headersAfterFailure } from "./commit.ts";
import type { SessionData, SessionOf } from "./data.ts";
import { failedView, ownerOf, type Fail } from "./dictionary.ts";
import type { JsonObject } from "./format.ts";
import { assertDictionary, NO_META, parseBody } from "./json.ts";
import { throwCommitted, throwReplaced, throwUnattached } from "./late-writes.ts";
import {
  loadAhead,
  readNow,
  readUnchecked,
  throwUnloaded,
  type Ahead,
  type Loading,
} from "./load-ahead.ts";
import type { LoadedSnapshot, Metadata, VerifiedCookie } from "./records.ts";
import { isUnseen, type RequestFacts } from "./request.ts";
import { resume } from "./resume.ts";
import type { Shared } from "./shared.ts";
import { State } from "./state.ts";

/** The session of one request, from its Cookie header to its Set-Cookie headers. */
export class SessionContext<Data = SessionData> implements Loading {
  readonly #shared: Shared;
  #header: string;
  #request: RequestFacts | undefined;
  #state: State | undefined;
  /** A function from {@link SessionContext.load} that returns the loaded session. */
  #ahead: Ahead | undefined;

  #isDeviceJudged = true;
  #fail: Fail | undefined;
  /** Set if the store failed. Every use of the session then throws the store's error. */
  #failure:
    | { readonly view: JsonObject; readonly found: VerifiedCookie | LoadedSnapshot }
    | undefined;
  /** The listeners to call when the session is committed. */
  #waiting: (() => void)[] | undefined;
  /** The headers for the response after a failed commit. */
  #owed: Commit | undefined;

  constructor(shared: Shared, header: string, request: RequestFacts | undefined) {
    this.#shared = shared;
    this.#header = header;
    this.#request = request;
  }

  /**
   * Turns the device check off for this request, because it proves that the browser has the
   * device's key.
   */
  skipDevice(): void {
    this.#isDeviceJudged = false;
  }

  /** True if the session was read or written. */
  get accessed(): boolean {
    return this.#state !== undefined;
  }

  /** The session's data, as handlers see it. The first access reads and verifies the cookie. */
  get session(): SessionOf<Data> {
    const failed = this.#failure;
    return (failed === undefined ? this.state.view : failed.view) as SessionOf<Data>;
  }

  /** Replaces the session's data. The value null ends the session. */
  set session(value: SessionOf<Data> | null) {
    if (value === null) {
      this.destroy();
      return;
    }
    assertDictionary(value);
    this.assertOpen();
    this.state.replace(value);
  }

  /** The internal state behind the session's data. */
  get state(): State {
    return (this.#state ??= this.#open());
  }

  /** True if the handler changed the session. Prolonging it is not a change. */
  get isChanged(): boolean {
    if (this.#state === undefined) return false;
    const { loaded, sid, meta, data } = this.#state;
    if (sid !== loaded.sid || meta !== loaded.meta) return true;
    const before = loaded.isNew ? NO_META : parseBody(loaded.json)?.data;
    return before === undefined || serializeBody(data, NO_META) !== serializeBody(before, NO_META);
  }

  /** The options, the store and other state that all requests of the same sessions share. */
  get shared(): Shared {
    return this.#shared;
  }

  get settings(): Shared["settings"] {
    return this.#shared.settings;
  }

  /** True if no user sees the response: for HEAD, or a prefetch by the browser. */
  get isUnseen(): boolean {
    return this.#request !== undefined && isUnseen(this.#request);
  }

  /** True while a cookie can still be set. */
  get isOpen(): boolean {
    return this.#fail === undefined;
  }

  /**
   * A function that throws the error for a change that comes too late; `undefined` while a cookie
   * can still be set.
   */
  get lateWrite(): Fail | undefined {
    return this.#fail;
  }

  /**
   * Loads the session from its stores before the handler runs. Adapters await the promise.
   *
   * @returns a promise only if a store must be asked. It never rejects: if the store failed, using
   *   the session throws `ERR_SESSION_STORE`
   */
  load(): Promise<void> | undefined {
    const isKnown = this.accessed || (this.#ahead ?? throwUnloaded) !== throwUnloaded;
    if (!this.#shared.loads || this.#header === "" || isKnown) return undefined;
    return loadAhead(this.#shared, this.#header, this);
  }

  /**
   * Sets the function that returns the loaded session. Until the stores have answered, the function
   * throws.
   */
  loaded(ahead: Ahead): void {
    this.#ahead = ahead;
  }

  /** Called if a store failed. Every use of the session then throws the store's error. */
  failed(error: unknown, found: VerifiedCookie | LoadedSnapshot): void {
    const fail = () => {
      throw error;
    };
    this.#ahead = fail;
    this.#failure = { view: failedView(this, fail), found };
  }

  /**
   * Saves the session and returns the headers for its response. Call it right before the headers
   * are sent. A second call returns no cookies. It returns a promise only with a store.
   *
   * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_SCHEMA`,
   *   `ERR_SESSION_FORMAT`, `ERR_SESSION_STORE`; the change is then dropped, and the next call
   *   succeeds
   */
  commit(): MaybePromise<Commit> {
    const state = this.#state;
    const isFirst = this.isOpen;
    if (isFirst) this.close(throwCommitted);
    if (state === undefined) return UNTOUCHED;
    if (!isFirst) return this.#takeOwed();
    const failed = (error: unknown): never => {
      this.#owed = headersAfterFailure(this.#shared, state);
      throw error;
    };
    try {
      const commit = commitState(this.#shared, state, this.#request);
      return commit instanceof Promise
        ? commit.then((owed) => this.#committed(owed), failed)
        : this.#committed(commit);
    } catch (error) {
      return failed(error);
    }
  }

  /** Calls a listener when the session is committed, or immediately if it already is. */
  afterCommit(listener: () => void): void {
    if (this.isOpen) (this.#waiting ??= []).push(listener);
    else listener();
  }

  #committed(commit: Commit): Commit {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const listener of waiting ?? []) listener();
    return commit;
  }

  /**
   * Saves the session now; later changes can still be saved. Use it where the framework can set
   * cookies more than once in a response: the cookies of each commit replace those of the previous
   * one. It returns a promise only with a store.
   *
   * @throws SessionError the errors of {@link SessionContext.commit}; the call can be repeated.
   *   `ERR_SESSION_COMMITTED` after a commit
   * @example
   * ```ts
   * const context = sessions.open("");
   * context.session.views = 1;
   * await context.save();
   * context.session.views = 2; // still open
   * await context.commit();
   * ```
   */
  save(): MaybePromise<Commit> {
    this.assertOpen();
    const state = this.#state;
    if (state === undefined) return UNTOUCHED;
    const sent = parseBody(serializeBody(state.data, NO_META))?.data ?? {};
    return when(commitState(this.#shared, state, this.#request), (commit) => {
      resume(state, sent, commit.setCookie);
      return commit;
    });
  }

  #takeOwed(): Commit {
    const owed = this.#owed ?? ACCESSED;
    this.#owed = undefined;
    return owed;
  }

  /** Makes every later change throw. Reading still works. */
  close(fail: Fail): void {
    this.#fail = fail;
    this.#state?.close(fail);
  }

  /**
   * Makes later changes throw, because the handshake was answered. Once a socket is attached, the
   * error suggests `update`.
   */
  handshakeSent(): void {
    if (this.isOpen) throw new Error("Commit the session before the handshake is answered.");
    this.#request = undefined;
    this.close(throwUnattached);
  }

  /** Throws if the session can no longer be changed, for example because its response was sent. */
  assertOpen(): void {
    this.#fail?.();
  }

  /** Gives the session a new id and start time, and keeps its data. */
  renew(): void {
    this.assertOpen();
    const { state } = this;
    state.sid = newSessionId();
    state.born = nowSeconds();
    // The user who logs in now may be on another device.
    if (state.meta.device !== undefined) this.changeMeta((meta) => void delete meta.device);
  }

  /** Ends the session. Later writes go to a new session. */
  destroy(clearSiteData?: string): void {
    if (this.#failure !== undefined) {
      // The store failed, but the cookie is enough to identify the session that ends.
      const { found } = this.#failure;
      this.#failure = undefined;
      this.#ahead = () => readUnchecked(found);
    }
    this.renew();
    const { state } = this;
    const { isNew, sid } = state.loaded;
    // Emitted once, with the id of the loaded session: earlier log lines do not contain an id that
    // was made in this request.
    if (!isNew && !state.destroyed) this.settings.events.emit("destroyed", sid);
    state.destroyed = true;
    state.replace({});
    state.meta = {};
    state.clearSiteData = clearSiteData;
  }

  /**
   * Ends the session and starts another one with a new object. The old object keeps its data,
   * because Passport copies data from it after a login.
   */
  startAnew(): void {
    if (this.#failure !== undefined) {
      this.destroy();
      return;
    }
    this.assertOpen();
    const { state: old } = this;
    const past = new SessionContext<Data>(this.#shared, "", undefined);
    past.#state = old;
    past.#fail = throwReplaced;
    this.#state = old.successor(this);
    old.retire(past, throwReplaced);
    this.destroy(old.clearSiteData);
  }

  /**
   * Changes the session's metadata, such as its label. Changes a copy, because other requests may
   * share the original.
   */
  changeMeta(change: (meta: Metadata) => void): void {
    this.assertOpen();
    const { state } = this;
    const meta = { ...state.meta };
    change(meta);
    state.meta = meta;
  }

  #open(): State {
    const openedAt = nowSeconds();
    const ahead = this.#ahead;
    const found = ahead === undefined ? readNow(this.#shared, this.#header, openedAt) : ahead();
    const device = this.#isDeviceJudged ? this.#shared.device : undefined;
    const loaded = device === undefined ? found : device.judge(found, this.#header, openedAt);
    // Frees memory: a socket may keep this context for days.
    this.#ahead = undefined;
    this.#header = "";
    const state = new State(loaded, openedAt, this);
    if (this.#fail !== undefined) state.close(this.#fail);
    return state;
  }
}

/**
 * Returns the context of a session.
 *
 * @throws SessionError `ERR_SESSION_NOT_A_SESSION` for other objects, such as a copy
 */
export function contextOf(session: object): SessionContext<never> {
  const context = ownerOf(session);
  if (context !== undefined) return context as SessionContext<never>;
  throw new SessionError(
    "ERR_SESSION_NOT_A_SESSION",
    "This is not a session. Pass req.session or ws.session itself, not a copy of it.",
  );
}
