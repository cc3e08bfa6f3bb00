import { Dictionary } from "./dictionary.ts";
import type { Draft, LoadedSnapshot, Metadata, Saved } from "./records.ts";

const NO_STRAYS: readonly string[] = [];

/**
 * The state of a session in one request: its dictionary, and what belongs to it. Both are one
 * object, because every request and every open socket has one.
 */
export class State extends Dictionary implements Draft {
  /** The session that the request brought, or that was saved last. */
  loaded: LoadedSnapshot;
  /** When the session was first used, in seconds since 1970. */
  readonly openedAt: number;
  sid: string;
  born: number;
  /** Never changed in place, because other requests may share it. */
  meta: Metadata;
  destroyed = false;
  secure = false;
  strays: readonly string[] = NO_STRAYS;
  clearSiteData: string | undefined = undefined;
  /** The session that the commit wrote. */
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

  /** Makes another state for the same request, which still knows what the request brought. */
  successor(owner: object): State {
    const next = new State(this.loaded, this.openedAt, owner);
    next.destroyed = this.destroyed;
    next.secure = this.secure;
    return next;
  }

  /** Node's REPL looks into proxies and shows this object, which holds a token. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "State {}";
  }
}
