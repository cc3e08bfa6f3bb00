import { randomBytes } from "node:crypto";
import { optionError } from "../errors.ts";
import { warn } from "../warn.ts";
import type { Backplane } from "./backplane.ts";
import { bucketOf } from "./buckets.ts";
import { ExpiryTimer } from "./expiry-timer.ts";
import { RecentEnds } from "./foreign-ends.ts";
import { ForeignIndex, type ClosableSocket, type Held } from "./foreign-index.ts";
import { nameIn, readForeignMessage, type ForeignMessage } from "./foreign-messages.ts";
import type { ForeignHandle, ForeignSession, LiveSocketsSettings } from "./foreign-types.ts";
import { CLOSE_CODE, guarded, SESSION_ENDED, SESSION_EXPIRED } from "./socket.ts";

/**
 * Closes the sockets and streams of sessions that another library manages, such as better-auth or
 * Auth.js. They are closed with 1008 when their session ends or expires, in every process. Galleta
 * sets no cookie for them.
 *
 * @throws SessionError `ERR_SESSION_OPTION` if a setting is wrong
 * @example
 * ```ts
 * const live = liveSockets();
 * const handle = live.attachSocket({ id: "s1", user: "ana" }, { close: () => undefined });
 * await live.end("s1"); // closes it
 * handle?.detach();
 * ```
 */
export function liveSockets(settings: LiveSocketsSettings = {}): LiveSockets {
  return new LiveSockets(settings);
}

/** Closes the sockets of sessions that another library manages. Made by {@link liveSockets}. */
export class LiveSockets {
  readonly #index: ForeignIndex;
  readonly #expiry = new ExpiryTimer<Held>((held) => this.#close(held, SESSION_EXPIRED));
  readonly #ended = new RecentEnds();
  readonly #backplane: Backplane | undefined;
  readonly #check: LiveSocketsSettings["check"];
  readonly #onError: (error: unknown) => void;
  #sender: string | undefined;

  /**
   * Checks the settings of {@link liveSockets}.
   * @throws SessionError `ERR_SESSION_OPTION` if the backplane lacks a method
   */
  constructor({ backplane, check, onError }: LiveSocketsSettings) {
    const isComplete = (["publish", "subscribe", "close"] as const).every(
      (name) => typeof backplane?.[name] === "function",
    );
    if (backplane !== undefined && !isComplete) {
      throw optionError("backplane must have publish, subscribe and close.");
    }
    this.#backplane = backplane;
    this.#check = check;
    this.#onError = onError ?? warn;
    this.#index = new ForeignIndex({
      first: (name) => void this.#attempt(() => backplane?.follow?.(bucketOf(name))),
      last: (name) => void this.#attempt(() => backplane?.unfollow?.(bucketOf(name))),
    });
  }

  /**
   * Ties a socket to a session that was looked up for its handshake.
   *
   * @returns `undefined` if the session has ended or expired meanwhile; the socket is then closed
   * @throws SessionError `ERR_SESSION_OPTION` if the id is not a string
   */
  attachSocket(session: ForeignSession, socket: ClosableSocket): ForeignHandle | undefined {
    const { id, user, expiresAt = null, createdAt } = session;
    if (typeof id !== "string" || id === "") {
      throw optionError("attachSocket needs the id of the session, as a string.");
    }
    this.#start();
    const names = {
      name: nameIn("s", id),
      user: user === undefined ? undefined : nameIn("u", user),
    };
    const held: Held = { id, ...names, socket, endsAt: secondsOf(expiresAt), turnsAt: 0 };
    const isOver = held.endsAt <= Date.now() / 1000;
    if (isOver || this.#ended.has(held, createdAt)) {
      guarded(() => socket.close(CLOSE_CODE, isOver ? SESSION_EXPIRED : SESSION_ENDED));
      return undefined;
    }
    this.#index.add(held);
    this.#expiry.add(held);
    return {
      prolong: (to) => this.#prolong(held, to),
      detach: () => this.#drop(held),
    };
  }

  /** Ends a session: closes its sockets in this and every other process. */
  async end(id: string): Promise<void> {
    await this.#send({ kind: "end", name: nameIn("s", id) });
  }

  /**
   * Ends all sessions of a user: closes their sockets in this and every other process.
   *
   * @param keep the id of a session to keep, for "log out everywhere else"
   */
  async endUser(user: string | number, { keep }: { readonly keep?: string } = {}): Promise<void> {
    const kept = keep === undefined ? undefined : nameIn("s", keep);
    await this.#send({ kind: "user", name: nameIn("u", user), keep: kept });
  }

  /** Stops listening to other processes. Open sockets are not closed. */
  async stop(): Promise<void> {
    if (this.#sender === undefined) return;
    this.#sender = undefined;
    await this.#attempt(() => this.#backplane?.close());
  }

  #start(): void {
    if (this.#sender !== undefined || this.#backplane === undefined) return;
    this.#sender = randomBytes(12).toString("base64url");
    const backplane = this.#backplane;
    void this.#attempt(() =>
      backplane.subscribe(
        (text) => this.#receive(text),
        () => void this.#attempt(() => this.#checkAll()),
      ),
    );
  }

  async #send(message: ForeignMessage): Promise<void> {
    this.#start();
    this.#apply(message);
    const text = JSON.stringify({ sender: this.#sender, ...message });
    await this.#attempt(() => this.#backplane?.publish(text, bucketOf(message.name)));
  }

  #receive(text: string): void {
    const message = readForeignMessage(text);
    if (message !== undefined && message.sender !== this.#sender) this.#apply(message);
  }

  #apply(message: ForeignMessage): void {
    const { name } = message;
    const keep = message.kind === "user" ? message.keep : undefined;
    this.#ended.add(name, keep);
    for (const held of this.#index.get(name)) {
      if (held.name !== keep) this.#close(held, SESSION_ENDED);
    }
  }

  async #checkAll(): Promise<void> {
    const ids = this.#index.ids();
    if (this.#check === undefined || ids.length === 0) return;
    const alive = new Set(await this.#check(ids));
    for (const id of ids) {
      if (!alive.has(id)) this.#apply({ kind: "end", name: nameIn("s", id) });
    }
  }

  #prolong(held: Held, expiresAt: Date | null): void {
    held.endsAt = secondsOf(expiresAt);
    this.#expiry.add(held);
  }

  #drop(held: Held): void {
    this.#expiry.delete(held);
    this.#index.remove(held);
  }

  #close(held: Held, reason: string): void {
    this.#drop(held);
    guarded(() => held.socket.close(CLOSE_CODE, reason));
  }

  async #attempt(call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#onError(error);
    }
  }
}

function secondsOf(expiresAt: Date | null): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : Math.floor(expiresAt.getTime() / 1000);
}
