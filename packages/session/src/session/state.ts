import { Dictionary } from "./dictionary.ts";
import type { Draft, LoadedSnapshot, Metadata, Saved } from "./records.ts";

const NO_STRAYS: readonly string[] = [];

/**
 * What a request makes of its session: its dictionary, and what belongs to that. One object for both,
 * since there is one for every request and every open socket.
 */
export class State extends Dictionary implements Draft {
  /** What the request brought, or what was saved last. */
  loaded: LoadedSnapshot;
  /** When the session was first asked for, in seconds since 1970. */
  readonly openedAt: number;
  sid: string;
  born: number;
  /** Never changed in place: other requests may share it. */
  meta: Metadata;
  destroyed = false;
  secure = false;
  strays: readonly string[] = NO_STRAYS;
  clearSiteData: string | undefined = undefined;
  /** What the commit wrote. */
  issued: Saved["issued"] = undefined;

  /** @param owner whose session it is */
  constructor(loaded: LoadedSnapshot, openedAt: number, owner: object) {
    super(loaded.data, owner);
    this.loaded = loaded;
    this.openedAt = openedAt;
    this.sid = loaded.sid;
    this.born = loaded.born;
    this.meta = loaded.meta;
  }

  /** Another state of the same request, which still knows what the request brought. */
  successor(owner: object): State {
    const next = new State(this.loaded, this.openedAt, owner);
    next.destroyed = this.destroyed;
    next.secure = this.secure;
    return next;
  }

  /** Node's REPL looks into proxies, and so at this: there is a token in it. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "State {}";
  }
}
