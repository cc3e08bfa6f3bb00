import {
  attachSocket,
  commitHandshake,
  type LiveHandle,
  type LiveSocket,
  type SessionContext,
} from "@galleta/session/adapter";
import { logError } from "../log.ts";
import type { Connection } from "./connection.ts";

/** Hears that the session of its socket was changed elsewhere. */
export type ChangeListener = () => unknown;

/**
 * The session of one socket. It can be changed until the handshake is answered: then its cookies
 * are gone, and so it is read-only. From then on it follows what others do to it.
 */
export class SocketSession implements LiveSocket {
  /** Reads nothing before the view looks into it. */
  readonly context: SessionContext<never>;
  #listeners: ChangeListener[] | undefined;
  #connection: Connection | undefined;
  #handle: LiveHandle | undefined;

  constructor(context: SessionContext<never>) {
    this.context = context;
  }

  /** Saves what was changed. Gives the Set-Cookie headers; from here on nothing can be changed. */
  save(): Promise<readonly string[]> | readonly string[] {
    return commitHandshake(this.context);
  }

  /** The handshake was answered: from here on the socket lives and dies with its session. */
  opened(connection: Connection): void {
    this.#connection = connection;
    this.#handle = attachSocket(this.context, this);
  }

  /** The socket is closed. */
  closed(): void {
    this.#handle?.detach();
  }

  /** Takes a control frame of the page. */
  receive(frame: string): void {
    this.#handle?.receive(frame);
  }

  onChange(listener: ChangeListener): void {
    (this.#listeners ??= []).push(listener);
  }

  close(code: number, reason: string): void {
    this.#connection?.close(code, reason);
  }

  /** Sends a control frame; only to a page that knows what that is. */
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
