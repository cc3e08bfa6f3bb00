import type { SessionContext } from "../session/context.ts";
import type { Snapshot } from "../session/records.ts";
import { endOf, ownMaxAgeIn } from "../session/lifetime.ts";
import type { Lifetimes } from "../token/times.ts";
import {
  Attached,
  join,
  leave,
  socketsOf,
  type AttachedHolder,
  type LiveSession,
} from "./attached.ts";
import { ExpiryTimer } from "./expiry-timer.ts";
import { currentOf, end, refresh, slim } from "./socket-session.ts";
import { CLOSE_CODE, guarded, SESSION_ENDED, SESSION_EXPIRED, type LiveSocket } from "./socket.ts";
import { Tickets } from "./tickets.ts";
import { LiveUsers } from "./users.ts";

/**
 * Functions that the list of sockets calls: to find a session's user, and when the first socket of
 * a session is attached or its last one closes.
 */
export interface Holding {
  /**
   * Returns the store's key for the user of a session. Returns `undefined` without the option
   * `subject`, or if no user is logged in.
   */
  userKeyOf(data: object): string | undefined;
  /**
   * Called when a session or user gets its first socket in this process. `name` is the session's id
   * or the user's key.
   */
  hold(name: string): void;
  /**
   * Called when the last socket of a session or user closed. `name` is the session's id or the
   * user's key.
   */
  release(name: string): void;
}

/** The sockets of this process, by session. */
export class Registry implements AttachedHolder {
  readonly tickets = new Tickets();
  /**
   * Prolongs sessions whose sockets receive messages; `undefined` without the option
   * `socketActivity`.
   */
  activity: AttachedHolder["activity"] = undefined;
  readonly #sessions = new Map<string, LiveSession>();
  readonly #users = new LiveUsers();
  readonly #lifetimes: Lifetimes;
  readonly #holding: Holding;
  readonly #expiry = new ExpiryTimer<LiveSession>((live) => this.#end(live, SESSION_EXPIRED));

  constructor(lifetimes: Lifetimes, holding: Holding) {
    this.#lifetimes = lifetimes;
    this.#holding = holding;
  }

  get(sid: string): LiveSession | undefined {
    return this.#sessions.get(sid);
  }

  /** Returns all sessions that have sockets in this process. */
  all(): IterableIterator<LiveSession> {
    return this.#sessions.values();
  }

  /** Returns those sessions of a user that have sockets. */
  ofUser(key: string): readonly LiveSession[] {
    return this.#users.get(key);
  }

  find(context: SessionContext<never>): Attached | undefined {
    const live = this.#sessions.get(context.state.sid);
    return socketsOf(live).find((attached) => attached.context === context);
  }

  add(context: SessionContext<never>, socket: LiveSocket): Attached {
    const now = currentOf(context);
    const there = this.#sessions.get(now.sid);
    const live = there ?? newSession(this, now.sid);
    slim(context);
    const attached = new Attached(context, socket, live);
    join(live, attached);
    if (there === undefined) {
      this.#sessions.set(now.sid, live);
      this.#holding.hold(now.sid);
    }
    this.#setUser(live, this.#holding.userKeyOf(context.state.data));
    this.#prolong(live, now);
    return attached;
  }

  remove(attached: Attached): void {
    const { live } = attached;
    if (!leave(live, attached)) return;
    attached.end();
    if (live.sockets === undefined) this.#drop(live);
  }

  /**
   * Gives the sockets of a session its new data or lifetime. A socket that already has the data
   * gets no event.
   */
  change(sid: string, change: Snapshot): void {
    const live = this.#sessions.get(sid);
    if (live === undefined) return;
    if (change.sid !== sid) this.#move(live, change.sid);
    let { user } = live;
    let isOther = false;
    for (const { context, socket, own } of socketsOf(live)) {
      const before = currentOf(context);
      if (change.rev < before.rev && change.sid === before.sid) continue;
      isOther ||= ownMaxAgeIn(change.json) !== ownMaxAgeIn(before.json);
      refresh(context, change);
      user = this.#holding.userKeyOf(context.state.data);
      if (change.json !== own && change.json !== before.json) guarded(() => socket.changed?.());
    }
    // The event may have made the last socket close.
    if (live.sockets === undefined) return;
    // A newer revision may shorten the lifetime by `setMaxAge`. A late message may not.
    if (isOther) live.endsAt = 0;
    this.#prolong(live, change);
    this.#setUser(live, user);
  }

  /** Ends a session and closes its sockets. */
  end(sid: string): void {
    const live = this.#sessions.get(sid);
    if (live !== undefined) this.#end(live, SESSION_ENDED);
  }

  #end(live: LiveSession, reason: string): void {
    this.#drop(live);
    const sockets = socketsOf(live);
    live.sockets = undefined;
    for (const attached of sockets) {
      end(attached.context);
      attached.end();
      guarded(() => attached.socket.close(CLOSE_CODE, reason));
    }
  }

  #drop(live: LiveSession): void {
    this.#expiry.delete(live);
    this.#setUser(live, undefined);
    this.#sessions.delete(live.sid);
    this.#holding.release(live.sid);
  }

  #setUser(live: LiveSession, key: string | undefined): void {
    if (live.user === key) return;
    if (live.user !== undefined && this.#users.delete(live.user, live)) {
      this.#holding.release(live.user);
    }
    live.user = key;
    if (key !== undefined && this.#users.add(key, live)) this.#holding.hold(key);
  }

  #move(live: LiveSession, sid: string): void {
    this.#sessions.delete(live.sid);
    this.#holding.release(live.sid);
    live.sid = sid;
    const there = this.#sessions.get(sid);
    if (there === undefined) {
      this.#sessions.set(sid, live);
      this.#holding.hold(sid);
      return;
    }
    this.#setUser(there, undefined);
    // The new id may already have sockets: a page with the new cookie may connect before the
    // message about the renewal arrives.
    for (const attached of socketsOf(there)) {
      attached.live = live;
      join(live, attached);
    }
    there.sockets = undefined;
    live.endsAt = Math.max(live.endsAt, there.endsAt);
    this.#expiry.delete(there);
    this.#sessions.set(sid, live);
  }

  #prolong(live: LiveSession, session: Snapshot): void {
    const end = endOf(session, this.#lifetimes);
    const [first] = socketsOf(live);
    const { device } = first?.context.state.meta ?? {};
    // A device-bound session expires at `device.until` unless its browser refreshes it.
    live.endsAt = device === undefined ? Math.max(live.endsAt, end) : Math.min(end, device.until);
    this.#expiry.add(live);
  }
}

function newSession(registry: Registry, sid: string): LiveSession {
  return {
    registry,
    sid,
    user: undefined,
    endsAt: 0,
    turnsAt: 0,
    sockets: undefined,
    line: undefined,
  };
}
