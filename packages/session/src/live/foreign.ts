import { randomBytes } from "node:crypto";
import { optionError } from "../errors.ts";
import { shortHash } from "../session/hash.ts";
import { warn } from "../warn.ts";
import type { Backplane } from "./backplane.ts";
import { bucketOf } from "./buckets.ts";
import { ExpiryTimer, type Ending } from "./expiry-timer.ts";
import { ForeignIndex, type ClosableSocket, type Held } from "./foreign-index.ts";
import { CLOSE_CODE, SESSION_ENDED, SESSION_EXPIRED } from "./socket.ts";

/** A session of another library. */
export interface ForeignSession {
  /** Its id, or another unique name. It never leaves this process. */
  readonly id: string;
  /** Its user, for {@link LiveSockets.endUser}. */
  readonly user?: string | number | undefined;
  /** When it expires. Default: it lives until {@link LiveSockets.end} is called. */
  readonly expiresAt?: Date | null | undefined;
  /**
   * When it began. {@link LiveSockets.endUser} then closes late sockets of old sessions, but not
   * those of a new login.
   */
  readonly createdAt?: Date | undefined;
}

/** The result of {@link LiveSockets.attachSocket}. */
export interface ForeignHandle {
  /** Changes when the session expires, after the other library prolonged it. */
  prolong(expiresAt: Date | null): void;
  /** Call this when the socket is closed. */
  detach(): void;
}

/** The settings of {@link liveSockets}. */
export interface LiveSocketsSettings {
  /** Connects the processes, such as `redisBackplane(client)`. Default: a single process. */
  readonly backplane?: Backplane | undefined;
  /**
   * Returns those of the given ids whose sessions still exist. The ids are those with sockets in
   * this process. Called when messages from other processes may have been lost, such as after a
   * reconnect.
   */
  readonly check?: ((ids: readonly string[]) => Promise<Iterable<string>>) | undefined;
  /** Called when the backplane or `check` fails. Default: a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A message to the other processes. Names are hashes, because an id may be a credential. */
type Message =
  | { readonly kind: "end"; readonly name: string }
  | { readonly kind: "user"; readonly name: string; readonly keep: string | undefined };

/**
 * How many seconds after the end of a session a socket may arrive whose handshake looked it up
 * before.
 */
const REMEMBER_SECONDS = 60;

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

/** The result of {@link liveSockets}. */
export class LiveSockets {
  readonly #index: ForeignIndex;
  readonly #expiry = new ExpiryTimer<Held>((held) => this.#close(held, SESSION_EXPIRED));
  readonly #endings = new ExpiryTimer<Remembered>(({ key }) => this.#ended.delete(key));
  readonly #ended = new Map<string, Remembered>();
  readonly #backplane: Backplane | undefined;
  readonly #check: LiveSocketsSettings["check"];
  readonly #onError: (error: unknown) => void;
  #sender: string | undefined;

  /** @throws SessionError `ERR_SESSION_OPTION` */
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
      name: nameOf("s", id),
      user: user === undefined ? undefined : nameOf("u", user),
    };
    const held: Held = { id, ...names, socket, endsAt: secondsOf(expiresAt), turnsAt: 0 };
    const isOver = held.endsAt <= Date.now() / 1000;
    if (isOver || this.#isEnded(held, createdAt)) {
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

  /** Ends a session: closes its sockets here and in every other process. */
  async end(id: string): Promise<void> {
    await this.#send({ kind: "end", name: nameOf("s", id) });
  }

  /**
   * Ends all sessions of a user.
   *
   * @param keep the id of a session to keep, for "log out everywhere else"
   */
  async endUser(user: string | number, { keep }: { readonly keep?: string } = {}): Promise<void> {
    const kept = keep === undefined ? undefined : nameOf("s", keep);
    await this.#send({ kind: "user", name: nameOf("u", user), keep: kept });
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

  async #send(message: Message): Promise<void> {
    this.#start();
    this.#apply(message);
    const text = JSON.stringify({ sender: this.#sender, ...message });
    await this.#attempt(() => this.#backplane?.publish(text, bucketOf(message.name)));
  }

  #receive(text: string): void {
    const message = readMessage(text);
    if (message !== undefined && message.sender !== this.#sender) this.#apply(message);
  }

  #apply(message: Message): void {
    const { name } = message;
    const keep = message.kind === "user" ? message.keep : undefined;
    const at = Date.now();
    const endsAt = Math.floor(at / 1000) + REMEMBER_SECONDS;
    const remembered: Remembered = { key: name, keep, at, endsAt, turnsAt: 0 };
    this.#ended.set(name, remembered);
    this.#endings.add(remembered);
    for (const held of this.#index.get(name)) {
      if (held.name !== keep) this.#close(held, SESSION_ENDED);
    }
  }

  #isEnded({ name, user }: Held, createdAt: Date | undefined): boolean {
    if (this.#ended.has(name)) return true;
    const ofUser = user === undefined ? undefined : this.#ended.get(user);
    if (ofUser === undefined || createdAt === undefined) return false;
    return ofUser.keep !== name && createdAt.getTime() <= ofUser.at;
  }

  async #checkAll(): Promise<void> {
    const ids = this.#index.ids();
    if (this.#check === undefined || ids.length === 0) return;
    const alive = new Set(await this.#check(ids));
    for (const id of ids) {
      if (!alive.has(id)) this.#apply({ kind: "end", name: nameOf("s", id) });
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

/** A session or user whose sessions ended recently. Late sockets may still arrive for it. */
interface Remembered extends Ending {
  readonly key: string;
  /** The id of the user's session that was kept. */
  readonly keep: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Returns a hash of an id for other processes and the backplane, since the id may be a credential.
 */
function nameOf(kind: "s" | "u", id: string | number): string {
  return `${kind}:${shortHash(`${kind}:${id}`)}`;
}

function secondsOf(expiresAt: Date | null): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : Math.floor(expiresAt.getTime() / 1000);
}

/** Makes a call and ignores its error: one socket that fails must not keep the others open. */
function guarded(call: () => void): void {
  try {
    call();
  } catch {
    // The server that owns the socket reports the error.
  }
}

function readMessage(text: string): (Message & { readonly sender: unknown }) | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    const { kind, name, keep, sender } = value ?? {};
    if (typeof name !== "string" || name.length > 64) return undefined;
    if (kind === "end") return { kind, name, sender };
    const isKept = keep === undefined || typeof keep === "string";
    return kind === "user" && isKept ? { kind, name, keep, sender } : undefined;
  } catch {
    return undefined;
  }
}
