import type { SessionContext } from "../session/context.ts";
import { MAX_CONTROL, type LiveHandle, type LiveSocket } from "./socket.ts";
import { checkReceipt } from "./ticket.ts";
import type { Tickets } from "./tickets.ts";

/**
 * A socket and its session. A process may have very many sockets, so this object has as few fields
 * as possible.
 */
export class Attached implements LiveHandle {
  readonly context: SessionContext<never>;
  readonly socket: LiveSocket;
  live: LiveSession;
  /**
   * The session's JSON after a change that this socket made with `update`. It is set until the page
   * has fetched the new cookie, so that the socket gets no event for its own change.
   */
  own: string | undefined = undefined;
  #onEnd: Set<() => void> | undefined = undefined;

  constructor(context: SessionContext<never>, socket: LiveSocket, live: LiveSession) {
    this.context = context;
    this.socket = socket;
    this.live = live;
  }

  /** Calls the listener when the socket closes or its session ends. */
  onEnd(listener: () => void): () => void {
    const listeners = (this.#onEnd ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
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

/** What one socket needs from `Registry`, the list of all sockets of this process. */
export interface AttachedHolder {
  readonly tickets: Tickets;
  readonly activity: { message(attached: Attached): void } | undefined;
  remove(attached: Attached): void;
}

/** A session that has open sockets in this process. */
export interface LiveSession {
  readonly registry: AttachedHolder;
  sid: string;
  /**
   * The store's key for the user of the session. It is `undefined` without the option `subject`, or
   * if no user is logged in.
   */
  user: string | undefined;
  endsAt: number;
  turnsAt: number;
  /**
   * The open sockets of the session. Most sessions have only one socket, and a list for it would
   * double the memory of this object.
   */
  sockets: Attached | Set<Attached> | undefined;
  /**
   * The calls of `update` on this session that are not finished. They run one after the other,
   * because each of them waits until the page has fetched a new cookie.
   */
  line: { waiting: number; turn: Promise<unknown> } | undefined;
}

/** Returns the sockets of a session in a new list. */
export function socketsOf(live: LiveSession | undefined): readonly Attached[] {
  const sockets = live?.sockets;
  if (sockets === undefined) return [];
  return sockets instanceof Set ? [...sockets] : [sockets];
}

/** Adds a socket to a session. */
export function join(live: LiveSession, attached: Attached): void {
  const { sockets } = live;
  if (sockets === undefined) live.sockets = attached;
  else if (sockets instanceof Set) sockets.add(attached);
  else live.sockets = new Set([sockets, attached]);
}

/**
 * Removes a socket from its session.
 *
 * @returns true if the socket belonged to the session
 */
export function leave(live: LiveSession, attached: Attached): boolean {
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

function readAnswer(frame: string): Record<string, unknown> {
  if (frame.length > MAX_CONTROL) return {};
  try {
    return (JSON.parse(frame) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}
