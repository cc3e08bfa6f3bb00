import { Dictionary } from "./dictionary.ts";
import type { Draft, LoadedSnapshot, Metadata, Saved } from "./records.ts";

const NO_STRAYS: readonly string[] = [];

/**
 * The state of a session in one request: the dictionary and its metadata. One object holds both,
 * because it is made for every request and every open socket.
 */
export class State extends Dictionary implements Draft {
  /** The session as the request brought it, or as it was last saved. */
  loaded: LoadedSnapshot;
  /** When the session was first used, in seconds since 1970. */
  readonly openedAt: number;
  sid: string;
  born: number;
  /** Replaced, never changed in place, because other requests may share it. */
  meta: Metadata;
  destroyed = false;
  secure = false;
  strays: readonly string[] = NO_STRAYS;
  clearSiteData: string | undefined = undefined;
  /** The session as the commit wrote it. */
  issued: Saved["issued"] = undefined;

  /**
   * @param owner the context that owns the session
   */
  constructor(loaded: LoadedSnapshot, openedAt: number, owner: object) {
    super(loaded.data, owner);
    this.loaded = loaded;
    this.openedAt = openedAt;
    this.sid = loaded.sid;
    this.born = loaded.born;
    this.meta = loaded.meta;
  }

  /** Makes a new state for the same request. It keeps the loaded session. */
  successor(owner: object): State {
    const next = new State(this.loaded, this.openedAt, owner);
    next.destroyed = this.destroyed;
    next.secure = this.secure;
    return next;
  }

  /** Node's REPL looks inside proxies and would show this object with its token. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "State {}";
  }
}
