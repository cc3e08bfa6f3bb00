import type { SessionContext } from "../session/context.ts";
import type { Snapshot } from "../session/records.ts";
import { endOf, ownMaxAgeIn } from "../session/lifetime.ts";
import type { Lifetimes } from "../token/times.ts";
import { currentOf, end, refresh, slim } from "./socket-session.ts";
import {
  CLOSE_CODE,
  MAX_CONTROL,
  SESSION_ENDED,
  SESSION_EXPIRED,
  type LiveHandle,
  type LiveSocket,
} from "./socket.ts";
import { checkReceipt } from "./ticket.ts";
import { Tickets } from "./tickets.ts";
import { ExpiryTimer } from "./expiry-timer.ts";

/**
 * One socket with its session. A process may have very many, so each keeps as little as possible.
 */
export class Attached implements LiveHandle {
  readonly context: SessionContext<never>;
  readonly socket: LiveSocket;
  live: LiveSession;
  /**
   * The JSON of this socket's own change while its ticket is pending, since the socket gets no
   * event for its own change.
   */
  own: string | undefined = undefined;
  #onEnd: Set<() => void> | undefined = undefined;

  constructor(context: SessionContext<never>, socket: LiveSocket, live: LiveSession) {
    this.context = context;
    this.socket = socket;
    this.live = live;
  }

  /** Calls the listener when the socket or its session ends. */
  onEnd(listener: () => void): () => void {
    (this.#onEnd ??= new Set()).add(listener);
    return () => this.#onEnd?.delete(listener);
  }

  end(): void {
    for (const listener of this.#onEnd ?? []) listener();
  }

  receive(frame: string): void {
    const { tickets } = this.live.registry;
    const { id, receipt, code } = readAnswer(frame);
    if (typeof id !== "string") return;
    if (typeof code === "string") tickets.settle({ ticket: id, code }, "page");
    if (typeof receipt !== "string") return;
    const { ring } = this.context.settings;
    if (checkReceipt(ring, id, receipt)) tickets.settle({ ticket: id }, "page");
  }

  active(): void {
    this.live.registry.activity?.message(this);
  }

  detach(): void {
    this.live.registry.remove(this);
  }
}

/** A session that has sockets. */
export interface LiveSession {
  readonly registry: Registry;
  sid: string;
  /** The key of its user, if the store knows users. */
  user: string | undefined;
  endsAt: number;
  turnsAt: number;
  /** Most sessions have one socket. A list would need as much memory as everything else here. */
  sockets: Attached | Set<Attached> | undefined;
  /** The updates of this session, which wait for its page one after the other. */
  line: { waiting: number; turn: Promise<unknown> } | undefined;
}

/** Called when a session or user gets its first socket here, and when its last one closes. */
export interface Holding {
  /** Returns the key of a session's user; `undefined` if the sessions do not know users. */
  userKeyOf(data: object): string | undefined;
  /** Called when a session or user gets its first socket. */
  hold(name: string): void;
  /** Called when the last socket of a session or user closed. */
  release(name: string): void;
}

/** The sockets of this process, by session. */
export class Registry {
  readonly tickets = new Tickets();
  /** Set with the option `socketActivity`. */
  activity: { message(attached: Attached): void } | undefined = undefined;
  readonly #sessions = new Map<string, LiveSession>();
  readonly #users = new Map<string, LiveSession | Set<LiveSession>>();
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

  /** Returns all sessions that have sockets. */
  all(): IterableIterator<LiveSession> {
    return this.#sessions.values();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Returns those sessions of a user that have sockets. */
  ofUser(key: string): readonly LiveSession[] {
    const lives = this.#users.get(key);
    if (lives === undefined) return [];
    return lives instanceof Set ? [...lives] : [lives];
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
   * Gives a session new data or a new lifetime.
   *
   * @param origin the socket that made the change; it is not notified
   */
  change(sid: string, change: Snapshot, origin?: SessionContext<never>): void {
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
      const isOwn = context === origin || change.json === own;
      if (!isOwn && change.json !== before.json) guarded(() => socket.changed?.());
    }
    // A newer revision may shorten the lifetime by `setMaxAge`. A late message may not.
    if (isOther) live.endsAt = 0;
    this.#prolong(live, change);
    if (live.sockets !== undefined) this.#setUser(live, user);
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
    if (this.#sessions.get(live.sid) !== live) return;
    this.#sessions.delete(live.sid);
    this.#holding.release(live.sid);
  }

  #setUser(live: LiveSession, key: string | undefined): void {
    if (live.user === key) return;
    if (live.user !== undefined && dropFrom(this.#users, live.user, live)) {
      this.#holding.release(live.user);
    }
    live.user = key;
    if (key !== undefined && addTo(this.#users, key, live)) this.#holding.hold(key);
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
    // A page with the new cookie may connect before this message arrives.
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
    // A device-bound session expires here unless its browser refreshes it.
    live.endsAt = device === undefined ? Math.max(live.endsAt, end) : Math.min(end, device.until);
    this.#expiry.add(live);
  }
}

type Users = Map<string, LiveSession | Set<LiveSession>>;

/** Adds a session to its user. Most users have one session in this process. */
function addTo(users: Users, key: string, live: LiveSession): boolean {
  const there = users.get(key);
  if (there instanceof Set) there.add(live);
  else users.set(key, there === undefined ? live : new Set([there, live]));
  return there === undefined;
}

/**
 * Removes a session from its user.
 *
 * @returns true if it was the user's last session
 */
function dropFrom(users: Users, key: string, live: LiveSession): boolean {
  const there = users.get(key);
  if (there instanceof Set) there.delete(live);
  if (there !== live && !(there instanceof Set && there.size === 0)) return false;
  return users.delete(key);
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

/** Returns the sockets of a session in a new list. */
export function socketsOf(live: LiveSession | undefined): readonly Attached[] {
  const sockets = live?.sockets;
  if (sockets === undefined) return [];
  return sockets instanceof Set ? [...sockets] : [sockets];
}

function join(live: LiveSession, attached: Attached): void {
  const { sockets } = live;
  if (sockets === undefined) live.sockets = attached;
  else if (sockets instanceof Set) sockets.add(attached);
  else live.sockets = new Set([sockets, attached]);
}

/**
 * Removes a socket from its session.
 *
 * @returns true if the session had it
 */
function leave(live: LiveSession, attached: Attached): boolean {
  const { sockets } = live;
  if (sockets instanceof Set) {
    const wasThere = sockets.delete(attached);
    if (sockets.size === 0) live.sockets = undefined;
    return wasThere;
  }
  if (sockets !== attached) return false;
  live.sockets = undefined;
  return true;
}

/**
 * Makes a call and ignores its error: one socket that fails must not stop the message to the
 * others.
 */
function guarded(call: () => void): void {
  try {
    call();
  } catch {
    // The server that owns the socket reports the error.
  }
}

function readAnswer(frame: string): Record<string, unknown> {
  if (frame.length > MAX_CONTROL) return {};
  try {
    const value: unknown = JSON.parse(frame);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
