import { randomBytes } from "node:crypto";
import type { SessionContext } from "../session/context.ts";
import type { Fail } from "../session/dictionary.ts";
import { describeFailure } from "../session/events.ts";
import { throwCommitted, throwHandshakeSent, throwWithoutSession } from "../session/late-writes.ts";
import type { ExchangeAnswer, LivePort, ResumeOptions } from "../session/ports.ts";
import type { Snapshot } from "../session/records.ts";
import type { Shared } from "../session/shared.ts";
import { MAX_TOKEN_CHARACTERS } from "../token/token.ts";
import { Activity } from "./activity.ts";
import type { Attached } from "./attached.ts";
import type { Backplane } from "./backplane.ts";
import { bucketOf, EVERYONE } from "./buckets.ts";
import { exchangeTicket } from "./exchange.ts";
import { RemoteChanges, judgedBy } from "./remote-changes.ts";
import {
  readMessage,
  toSend,
  writeMessage,
  type Message,
  type SentChange,
  type TicketOutcome,
} from "./messages.ts";
import { countResumed } from "./prolong.ts";
import { Registry } from "./registry.ts";
import { currentOf, end } from "./socket-session.ts";
import { CLOSE_CODE, SESSION_ENDED, type LiveSocket } from "./socket.ts";
import type { Tickets } from "./tickets.ts";
import { Watch } from "./watch.ts";

/** Tells the sockets of this process, and other processes, when a session changes or ends. */
export class LiveHub implements LivePort {
  readonly registry: Registry;
  readonly exchangePath: string | undefined;
  /**
   * The path to which pages post tickets for a new cookie. It includes the path prefix that a proxy
   * removes.
   */
  readonly publicExchangePath: string | undefined;
  readonly #shared: Shared;
  readonly #remote: RemoteChanges;
  readonly #backplane: Backplane | undefined;
  /**
   * Reads the sessions of open sockets from the store, to keep them up to date. `undefined` without
   * a store.
   */
  readonly #watch: Watch | undefined;
  /**
   * The random name that marks this process's own messages on the backplane; `undefined` until the
   * getter `#name` makes it.
   */
  #lazyName: string | undefined;
  #isListening = false;

  constructor(shared: Shared, backplane?: Backplane) {
    const { settings, store } = shared;
    // With `writeAs`, cookies have no session id, which a ticket needs.
    const needsPage =
      (store === undefined || shared.socketActivity) && settings.writeAs === undefined;
    this.exchangePath = needsPage ? shared.exchangePath : undefined;
    this.publicExchangePath = needsPage
      ? shared.settings.publicPath + shared.exchangePath
      : undefined;
    this.#shared = shared;
    this.#backplane = backplane;
    const watch =
      store &&
      new Watch(
        store,
        backplane,
        () => this.registry,
        (lives) => this.#remote.check(lives),
        (call) => this.#attempt(call),
      );
    this.#watch = watch;
    this.registry = new Registry(settings.lifetimes, {
      userKeyOf: (data) => store?.userKeyOf(data),
      hold: (name) => watch?.hold(name),
      release: (name) => watch?.release(name),
    });
    this.#remote = new RemoteChanges(shared, this.registry);
    if (shared.socketActivity) this.registry.activity = new Activity(this);
    if (this.exchangePath === undefined) return;
    shared.endpoints.set(this.exchangePath, {
      method: "POST",
      answer: (context, _facts, body) => this.exchange(context, new TextDecoder().decode(body)),
    });
  }

  get tickets(): Tickets {
    return this.registry.tickets;
  }

  start(): void {
    if (this.#backplane === undefined) this.#watch?.resume();
    if (this.#isListening || this.#backplane === undefined) return;
    this.#isListening = true;
    const backplane = this.#backplane;
    const { store } = this.#shared;
    void this.#attempt(async () => {
      await backplane.subscribe(
        (text) => this.#receive(text),
        () => void this.#watch?.all(),
      );
      this.#watch?.resume();
      // Without a store messages carry the data, and every process needs all of them.
      if (store === undefined) await backplane.follow?.(EVERYONE);
    });
  }

  stop(): void {
    this.#watch?.stop();
    if (!this.#isListening) return;
    this.#isListening = false;
    void this.#attempt(() => this.#backplane?.close());
  }

  /**
   * Ties a socket to its session. The socket gets changes, and is closed when the session ends.
   *
   * @param fail throws the error for a direct change of the session from now on
   * @returns `undefined` if the session has no cookie or has already ended, or if `writeAs` is set
   */
  attach(
    context: SessionContext<never>,
    socket: LiveSocket,
    fail: Fail = throwHandshakeSent,
  ): Attached | undefined {
    const { recent, settings, store } = this.#shared;
    if (settings.writeAs !== undefined) return undefined;
    const { state } = context;
    const { loaded, issued } = state;
    if (issued === undefined && (loaded.isNew || state.sid !== loaded.sid)) {
      context.close(fail === throwHandshakeSent ? throwWithoutSession : throwCommitted);
      return undefined;
    }
    const { sid } = state;
    const known = recent.peek(sid);
    if (known?.ended === true || store?.knowsEnd(state) === true) {
      end(context);
      socket.close(CLOSE_CODE, SESSION_ENDED);
      return undefined;
    }
    context.close(fail);
    const attached = this.registry.add(context, socket);
    // Catches up on changes since the cookie was read. Without a change nothing is called:
    // `registry.change` visits all sockets of the session, which may be thousands.
    const now = currentOf(context);
    if (known !== undefined && known.rev > now.rev) this.registry.change(sid, { ...now, ...known });
    return attached;
  }

  /**
   * The random name of this process on the backplane. It is made at first use, because Cloudflare
   * Workers may not draw random numbers at start-up, when sessions are set up.
   */
  get #name(): string {
    return (this.#lazyName ??= randomBytes(12).toString("base64url"));
  }

  changed(change: Snapshot): void {
    this.registry.change(change.sid, change);
    this.#publish(change.sid, () => ({ kind: "changed", change: this.#toSend(change) }));
  }

  renewed(from: string, change: Snapshot): void {
    this.registry.change(from, change);
    this.#publish(from, () => ({ kind: "renewed", from, change: this.#toSend(change) }));
  }

  ended(sid: string): void {
    this.registry.end(sid);
    this.#publish(sid, () => ({ kind: "ended", sid }));
  }

  userEnded(key: string): void {
    const { store } = this.#shared;
    for (const live of this.registry.ofUser(key)) {
      const judged = judgedBy(live);
      if (judged !== undefined && store?.knowsEnd(judged) === true) this.registry.end(live.sid);
    }
    this.#publish(key, () => ({ kind: "user", user: key }));
  }

  /**
   * Reports the result of a ticket's exchange. It goes to the call of `update` that made the
   * ticket, in this or another process.
   */
  ticketDone(outcome: TicketOutcome): void {
    this.tickets.settle(outcome, "exchange");
    this.#publish(outcome.ticket, () => ({ kind: "ticket", ...outcome }));
  }

  exchange(context: SessionContext<never>, ticket: string): Promise<ExchangeAnswer> {
    return exchangeTicket(this, context, ticket.slice(0, MAX_TOKEN_CHARACTERS + 1));
  }

  resumed(
    context: SessionContext<never>,
    header: string,
    options: ResumeOptions,
  ): Promise<boolean> {
    return countResumed(context, header, options);
  }

  #receive(text: string): void {
    const message = readMessage(text, this.#name);
    if (message !== undefined) this.#remote.receive(message, this.#watch);
  }

  #toSend(change: Snapshot): SentChange {
    return toSend(change, this.#shared.store !== undefined);
  }

  #publish(name: string, message: () => Message): void {
    const backplane = this.#backplane;
    if (backplane === undefined) return;
    const bucket = this.#watch === undefined ? EVERYONE : bucketOf(name);
    void this.#attempt(() => backplane.publish(writeMessage(this.#name, message()), bucket));
  }

  /**
   * Calls the backplane. A failure is only reported as the event `store`, because the sessions of
   * open sockets are later read from the store.
   */
  async #attempt(call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (failure) {
      const told = describeFailure("The backplane of the sessions", failure);
      this.#shared.settings.events.emit("store", undefined, { reason: "backplane", ...told });
    }
  }
}

/**
 * Returns the object that connects the sessions with their sockets, and creates it at first use.
 */
export function hubOf(shared: Shared): LiveHub {
  if (shared.live instanceof LiveHub) return shared.live;
  const hub = new LiveHub(shared);
  shared.live = hub;
  return hub;
}
