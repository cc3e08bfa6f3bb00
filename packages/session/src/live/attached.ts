import type { SessionContext } from "../session/context.ts";
import { MAX_CONTROL, type LiveHandle, type LiveSocket } from "./socket.ts";
import { checkReceipt } from "./ticket.ts";
import type { Tickets } from "./tickets.ts";

/**
 * One socket with its session. A process may have very many, so each keeps as little as possible.
 */
export class Attached implements LiveHandle {
  readonly context: SessionContext<never>;
  readonly socket: LiveSocket;
  live: LiveSession;
  /**
   * The JSON of this socket's own change while its ticket is pending. The socket gets no event for
   * its own change.
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

/** The part of the registry that a socket uses. */
export interface AttachedHolder {
  readonly tickets: Tickets;
  readonly activity: { message(attached: Attached): void } | undefined;
  remove(attached: Attached): void;
}

/** A session that has sockets. */
export interface LiveSession {
  readonly registry: AttachedHolder;
  sid: string;
  /**
   * The key of the session's user; `undefined` without the option `subject`, or without a login.
   */
  user: string | undefined;
  endsAt: number;
  turnsAt: number;
  /** Most sessions have one socket. A list would need as much memory as everything else here. */
  sockets: Attached | Set<Attached> | undefined;
  /** The updates of this session, which wait for its page one after the other. */
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
 * @returns true if the session had it
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
