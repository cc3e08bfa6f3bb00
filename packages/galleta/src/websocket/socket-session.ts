import {
  attachSocket,
  commitHandshake,
  type LiveHandle,
  type LiveSocket,
  type SessionContext,
} from "@galleta/session/adapter";
import { logError } from "../log.ts";
import type { Connection } from "./connection.ts";

/** A listener that is called when another request or socket changed the session. */
export type ChangeListener = () => unknown;

/**
 * The session of one socket. The view can change it until the handshake is answered. Later, no
 * cookie can be set: the session is then read-only, but shows the changes that other requests and
 * sockets make.
 */
export class SocketSession implements LiveSocket {
  /** The session of the request that opened the socket. */
  readonly context: SessionContext<never>;
  /**
   * The socket's further sessions, if the app has more than one. Each is under another property.
   */
  readonly others: readonly SocketSession[];
  #listeners: ChangeListener[] | undefined;
  #connection: Connection | undefined;
  #handle: LiveHandle | undefined;

  /** @param others the socket's further sessions, if the app has more than one */
  constructor(context: SessionContext<never>, others: readonly SessionContext<never>[] = []) {
    this.context = context;
    this.others = others.map((each) => new SocketSession(each));
  }

  /**
   * Loads all sessions of the socket from their stores. Returns no promise if no store must be
   * asked.
   */
  load(): Promise<unknown> | undefined {
    const loads = [this, ...this.others].map(({ context }) => context.load());
    return loads.some((each) => each !== undefined) ? Promise.all(loads) : undefined;
  }

  /**
   * Saves the changes and returns the values of the Set-Cookie headers. Afterwards the session is
   * read-only.
   */
  save(): Promise<readonly string[]> | readonly string[] {
    const own = commitHandshake(this.context);
    if (this.others.length === 0) return own;
    const all = [own, ...this.others.map((each) => each.save())];
    return Promise.all(all).then((cookies) => cookies.flat());
  }

  /**
   * Called when the handshake was answered. From then on the socket is closed when its session
   * ends.
   */
  opened(connection: Connection): void {
    this.#connection = connection;
    this.#handle = attachSocket(this.context, this);
    for (const each of this.others) each.opened(connection);
  }

  /** Called when the socket is closed. */
  closed(): void {
    this.#handle?.detach();
    for (const each of this.others) each.closed();
  }

  /** Handles a Galleta frame: a message that Galleta's client sends for itself, not for the app. */
  receive(frame: string): void {
    this.#handle?.receive(frame);
    for (const each of this.others) each.receive(frame);
  }

  /**
   * Called when the client sends a message to the app. With the option `socketActivity`, the
   * message prolongs the session.
   */
  active(): void {
    this.#handle?.active();
    for (const each of this.others) each.active();
  }

  onChange(listener: ChangeListener): void {
    (this.#listeners ??= []).push(listener);
    for (const each of this.others) each.onChange(listener);
  }

  close(code: number, reason: string): void {
    this.#connection?.close(code, reason);
  }

  /**
   * Sends a Galleta frame, which Galleta's client handles itself; `undefined` if the page does not
   * use that client.
   */
  get control(): ((frame: string) => void) | undefined {
    const connection = this.#connection;
    return connection?.isLive === true ? (frame) => connection.sendControl(frame) : undefined;
  }

  changed(): void {
    for (const listener of this.#listeners ?? []) void run(listener);
  }
}

async function run(listener: ChangeListener): Promise<void> {
  try {
    await listener();
  } catch (error) {
    logError('A listener of the event "session" failed:', error);
  }
}
