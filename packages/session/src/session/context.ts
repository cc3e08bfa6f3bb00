import type { Commit } from "../cookie/headers.ts";
import { UNTOUCHED } from "../cookie/headers.ts";
import { SessionError } from "../errors.ts";
import type { MaybePromise } from "../maybe.ts";
import { newSessionId } from "../token/token.ts";
import { isSame, serializeBody } from "./body.ts";
import { nowSeconds } from "./clock.ts";
import type { SessionData, SessionOf } from "./data.ts";
import { Dictionary, ownerOf } from "./dictionary.ts";
import type { Saved } from "./draft.ts";
import type { JsonObject } from "./format.ts";
import { assertJson, isDictionary, parseBody } from "./json.ts";
import { findSession, isVerified, loadSession, settleSession, type Verified } from "./load.ts";
import { emptySession, type Loaded, type Shared } from "./loaded.ts";
import {
  refuseCommitted,
  refuseEnded,
  refuseHandshakeSent,
  refuseWithoutSession,
} from "./refusals.ts";
import { EMPTY_BODY, isDue, saveSession } from "./save.ts";
import type { Ahead, Metadata, State } from "./state.ts";
import type { Change } from "./hub.ts";
import type { Vault } from "./vault.ts";

/** The session of one request, from its cookie to its Set-Cookie. */
export class SessionContext<Data = SessionData> {
  readonly #shared: Shared;
  readonly #header: string;
  #secure: (() => boolean) | undefined;
  #state: State | undefined;
  /** What {@link SessionContext.load} came to, before anybody asked for the session. */
  #ahead: Ahead | undefined;
  #phase: "open" | "committed" | "live" | "ended" = "open";

  constructor(shared: Shared, header: string, secure: () => boolean) {
    this.#shared = shared;
    this.#header = header;
    this.#secure = secure;
  }

  /** Whether the session was read or written. */
  get accessed(): boolean {
    return this.#state !== undefined;
  }

  /** The dictionary. The first access reads and verifies the cookie. */
  get session(): SessionOf<Data> {
    return this.state.dictionary.view as SessionOf<Data>;
  }

  /** Replaces the data, or ends the session with null. */
  set session(value: SessionOf<Data> | null) {
    if (value === null) {
      this.destroy();
      return;
    }
    if (!isDictionary(value)) {
      throw new SessionError("ERR_SESSION_NOT_JSON", "A session is an object, or null to end it.");
    }
    this.assertOpen();
    this.state.dictionary.replace(value);
  }

  /** What stands behind the dictionary. */
  get state(): State {
    return (this.#state ??= this.#open());
  }

  get settings(): Shared["settings"] {
    return this.#shared.settings;
  }

  /** What the contexts of one set of options share. */
  get shared(): Shared {
    return this.#shared;
  }

  /** Whether a cookie can still be set. */
  get isOpen(): boolean {
    return this.#phase === "open";
  }

  /** Whether ending a session also refuses the copies of its cookie. */
  get revocable(): boolean {
    return this.#shared.vault !== undefined;
  }

  /**
   * Reads what must be known before the handler runs. Adapters wait for it where it is a promise.
   *
   * @returns a promise only with a store, and only where that has to be asked; it never rejects.
   * Where the store failed, the use of the session throws `ERR_SESSION_STORE`.
   */
  load(): Promise<void> | undefined {
    const { vault } = this.#shared;
    if (vault === undefined || this.#header === "" || (this.#state ?? this.#ahead) !== undefined) {
      return undefined;
    }
    const now = nowSeconds();
    const found = findSession(this.#shared, this.#header, now);
    if (vault.mustAsk(found)) return this.#load(vault, found, now);
    this.#ahead = { found };
    return undefined;
  }

  async #load(vault: Vault, found: Verified | Loaded, now: number): Promise<void> {
    try {
      this.#ahead = { loaded: await vault.load(found, now) };
    } catch (failure) {
      this.#ahead = { failure };
    }
  }

  /**
   * What the response owes to the session. Called right before the headers go out; later calls
   * give no cookies again. A promise only with a store.
   *
   * @throws SessionError `ERR_SESSION_NOT_JSON`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_SCHEMA`,
   * `ERR_SESSION_FORMAT`, `ERR_SESSION_STORE`: the change is dropped, and the next call succeeds
   */
  commit(): MaybePromise<Commit> {
    const state = this.#state;
    if (this.#phase !== "open") return state === undefined ? UNTOUCHED : ACCESSED;
    this.#phase = "committed";
    if (state === undefined) return UNTOUCHED;
    try {
      if (this.#owesNothing(state)) {
        state.issued = state.loaded;
        return ACCESSED;
      }
      const saved = saveSession(this.#shared, this.#draft(state), nowSeconds());
      return saved instanceof Promise
        ? saved.then((later) => this.#committed(state, later))
        : this.#committed(state, saved);
    } finally {
      state.dictionary.close(refuseCommitted);
    }
  }

  /** What most requests are, found out without a draft: they read the session and left it alone. */
  #owesNothing({ loaded, dictionary, openedAt, sid, meta, destroyed }: State): boolean {
    const { isNew, reissue, json } = loaded;
    if (isNew || reissue || destroyed || sid !== loaded.sid || meta !== loaded.meta) return false;
    const known = this.#shared.ledger.peek(sid);
    if (known !== undefined && (known.ended || known.rev > loaded.rev)) return false;
    if (isDue(this.#shared, loaded, openedAt)) return false;
    if (json === EMPTY_BODY) return false;
    if (loaded.flat !== undefined && isSame(dictionary.data, loaded.flat)) return true;
    assertJson(dictionary.data);
    return serializeBody(dictionary.data, loaded.meta) === json;
  }

  #committed(state: State, { setCookie, issued }: Saved): Commit {
    state.issued = issued;
    return { accessed: true, setCookie, clearSiteData: state.clearSiteData };
  }

  /** The handshake was answered: from now on a write names `update`. */
  handshakeSent(): void {
    if (this.#phase === "open") throw new Error("Commit before the handshake is answered.");
    this.#phase = "live";
    this.#secure = undefined;
    this.#state?.dictionary.close(refuseHandshakeSent);
  }

  /** For sockets: the session is now as another request or socket made it. */
  refresh({ sid, ...issued }: Change): void {
    const { state } = this;
    const body = parseBody(issued.json);
    if (body === undefined) return;
    if (issued.json !== (state.issued ?? state.loaded).json) {
      state.dictionary.replace(body.data);
      state.meta = body.meta;
    }
    state.sid = sid;
    state.born = issued.born;
    state.issued = issued;
  }

  /** For sockets: the session is no more. What was in it can still be read. */
  end(): void {
    this.#phase = "ended";
    this.state.dictionary.close(refuseEnded);
  }

  /** Whether the session of a socket ended while the socket was open. */
  get hasEnded(): boolean {
    return this.#phase === "ended";
  }

  /** Whether no cookie came and none went, so that a change would belong to nobody. */
  get isNobodys(): boolean {
    return this.state.issued === undefined && this.state.loaded.isNew;
  }

  /** Gives the session a new id and a new beginning, and keeps its data. */
  renew(): void {
    this.assertOpen();
    const { state } = this;
    if (!state.loaded.isNew && state.sid === state.loaded.sid)
      state.ended = [...state.ended, state.sid];
    state.sid = newSessionId();
    state.born = nowSeconds();
  }

  /** Ends the session; what is written after belongs to a new one. */
  destroy(clearSiteData?: string): void {
    this.assertOpen();
    const { state } = this;
    const { isNew, sid } = state.loaded;
    if (!isNew && !state.ended.includes(sid)) state.ended = [...state.ended, sid];
    // Once, and under the id that was known: one that it was given in this request is nobody's.
    if (!isNew && !state.destroyed) this.#shared.settings.events.emit("destroyed", sid);
    state.destroyed = true;
    state.sid = newSessionId();
    state.born = nowSeconds();
    state.dictionary.replace({});
    state.meta = {};
    state.clearSiteData = clearSiteData;
  }

  /** Changes the metadata. */
  changeMeta(change: (meta: Metadata) => void): void {
    this.assertOpen();
    const { state } = this;
    const meta = { ...state.meta };
    change(meta);
    state.meta = meta;
  }

  #open(): State {
    const openedAt = nowSeconds();
    const loaded = this.#read(openedAt);
    // A socket may keep this for days.
    this.#ahead = undefined;
    const dictionary = new Dictionary(loaded.data, this);
    if (this.#phase === "committed") dictionary.close(refuseCommitted);
    if (this.#phase === "live") dictionary.close(refuseHandshakeSent);
    const { sid, born, meta } = loaded;
    return {
      loaded,
      dictionary,
      openedAt,
      sid,
      born,
      meta,
      ended: NONE,
      destroyed: false,
      // Named here, so that they have their place: what is added later costs twice the room.
      clearSiteData: undefined,
      issued: undefined,
    };
  }

  #read(now: number): Loaded {
    if (this.#header === "") return emptySession(now, []);
    const { vault } = this.#shared;
    if (vault === undefined) return loadSession(this.#shared, this.#header, now);
    const ahead = this.#ahead ?? { found: findSession(this.#shared, this.#header, now) };
    if ("failure" in ahead) throw ahead.failure;
    if ("loaded" in ahead) return ahead.loaded;
    if (vault.mustAsk(ahead.found)) {
      throw new SessionError(
        "ERR_SESSION_SETUP",
        "With a store, wait for `await context.load()` before the session is used.",
      );
    }
    return isVerified(ahead.found) ? settleSession(this.#shared, ahead.found, now) : ahead.found;
  }

  #draft(state: State) {
    const { loaded, sid, born, meta, ended, destroyed } = state;
    const secure = this.#shared.settings.httpsOnly === "auto" && this.#secure?.() === true;
    const { data } = state.dictionary;
    return { loaded, sid, born, ended, destroyed, secure, data, meta: meta as JsonObject };
  }

  /** Throws what a change would throw now. */
  assertOpen(): void {
    if (this.#phase === "committed") refuseCommitted();
    if (this.#phase === "live") (this.isNobodys ? refuseWithoutSession : refuseHandshakeSent)();
    if (this.#phase === "ended") refuseEnded();
  }
}

const NONE: readonly string[] = [];
const ACCESSED: Commit = { accessed: true, setCookie: [] };

/**
 * The context behind a session.
 *
 * @throws SessionError `ERR_SESSION_NOT_A_SESSION` for anything else, such as a copy
 */
export function contextOf(session: object): SessionContext<never> {
  const context = ownerOf(session);
  if (context instanceof SessionContext) return context as SessionContext<never>;
  throw new SessionError(
    "ERR_SESSION_NOT_A_SESSION",
    "This is not a session. Pass req.session or ws.session itself, not a copy of it.",
  );
}
