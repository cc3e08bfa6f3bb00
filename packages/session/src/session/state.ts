import { Dictionary } from "./dictionary.ts";
import type { Draft, LoadedSnapshot, Metadata, Saved } from "./records.ts";

const NO_STRAYS: readonly string[] = [];

/**
 * The state of a session in one request or on one socket: the session object and its metadata. One
 * object holds both, because it is made for every request and every open socket.
 */
export class State extends Dictionary implements Draft {
  /** The session as the request brought it, or as it was last saved. */
  loaded: LoadedSnapshot;
  /** When the session was first used, in seconds since 1970. */
  readonly openedAt: number;
  sid: string;
  born: number;
  /**
   * The session's metadata. Other requests may share this object, so it is replaced and never
   * changed in place.
   */
  meta: Metadata;
  destroyed = false;
  secure = false;
  strays: readonly string[] = NO_STRAYS;
  clearSiteData: string | undefined = undefined;
  /**
   * The session after the last commit; undefined if there was no commit yet, or if the session has
   * ended.
   */
  issued: Saved["issued"] = undefined;

  /** @param owner the SessionContext that {@link ownerOf} returns for the session object */
  constructor(loaded: LoadedSnapshot, openedAt: number, owner: object) {
    super(loaded.data, owner);
    this.loaded = loaded;
    this.openedAt = openedAt;
    this.sid = loaded.sid;
    this.born = loaded.born;
    this.meta = loaded.meta;
  }

  /** Makes the state of the session that replaces this one in the same request. */
  successor(owner: object): State {
    const next = new State(this.loaded, this.openedAt, owner);
    next.destroyed = this.destroyed;
    next.secure = this.secure;
    return next;
  }

  /**
   * Hides the session's token from Node's REPL, which looks inside proxies and would print this
   * object.
   */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "State {}";
  }
}
