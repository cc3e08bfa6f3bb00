import { randomBytes } from "node:crypto";
import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { parseBody } from "../session/json.ts";
import { lastExpiry } from "../session/end.ts";
import { ENDED, type LogRecord, type Snapshot, type UserRecord } from "../session/records.ts";
import type { ExchangeAnswer, LivePort } from "../session/ports.ts";
import type { Shared } from "../session/shared.ts";
import { throwHandshakeSent, throwWithoutSession } from "../session/late-writes.ts";
import { MAX_TOKEN_CHARACTERS } from "../token/token.ts";
import type { Backplane } from "./backplane.ts";
import { exchangeTicket } from "./exchange.ts";
import {
  readMessage,
  toSend,
  writeMessage,
  type Message,
  type SentChange,
  type TicketOutcome,
} from "./messages.ts";
import { currentOf, end } from "./socket-session.ts";
import { Registry, socketsOf, type Attached } from "./registry.ts";
import type { Tickets } from "./tickets.ts";
import { CLOSE_CODE, SESSION_ENDED, type LiveSocket } from "./socket.ts";

/** Where commits, sockets, other processes and the store's log meet. */
export class LiveHub implements LivePort {
  readonly registry: Registry;
  readonly exchangePath: string | undefined;
  readonly #shared: Shared;
  readonly #backplane: Backplane | undefined;
  /** Tells our own messages from others'. */
  #lazyName: string | undefined;
  #isListening = false;

  constructor(shared: Shared, backplane?: Backplane) {
    const { settings, store } = shared;
    // A cookie that is shared with another framework has no id that a ticket could name.
    const needsPage = store === undefined && settings.writeAs === undefined;
    this.exchangePath = needsPage ? shared.exchangePath : undefined;
    this.registry = new Registry(settings.lifetimes);
    this.#shared = shared;
    this.#backplane = backplane;
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
    if (this.#isListening || this.#backplane === undefined) return;
    this.#isListening = true;
    const backplane = this.#backplane;
    this.#attempt(() =>
      backplane.subscribe(
        (text) => this.#receive(text),
        // What was said meanwhile stands in the store's log.
        () => void this.#shared.store?.refresh().catch(ignore),
      ),
    );
  }

  stop(): void {
    if (!this.#isListening) return;
    this.#isListening = false;
    this.#attempt(() => this.#backplane?.close());
  }

  /**
   * Registers a socket under its session.
   *
   * @returns `undefined` where it has none that could live: no cookie was brought, and none set, or
   * it is one of `writeAs`
   */
  attach(context: SessionContext<never>, socket: LiveSocket): Attached | undefined {
    const { recent, settings, store } = this.#shared;
    if (settings.writeAs !== undefined) return undefined;
    const { state } = context;
    const { loaded, issued } = state;
    if (issued === undefined && (loaded.isNew || state.sid !== loaded.sid)) {
      context.close(throwWithoutSession);
      return undefined;
    }
    const { sid, born } = currentOf(context);
    const known = recent.peek(sid);
    const isEnded = store?.isEnded(sid, born, store.userOf(state.data)) === true;
    if (known?.ended === true || isEnded) {
      end(context);
      socket.close(CLOSE_CODE, SESSION_ENDED);
      return undefined;
    }
    context.close(throwHandshakeSent);
    const attached = this.registry.add(context, socket);
    // What happened between the look into the cookie and now. Where nothing did, the other sockets
    // of the session are left alone: there may be thousands.
    const now = currentOf(context);
    if (known !== undefined && known.rev > now.rev) this.registry.change(sid, { ...now, ...known });
    return attached;
  }

  /** Workers may not draw random numbers while they start, and sessions are set up there. */
  get #name(): string {
    return (this.#lazyName ??= randomBytes(12).toString("base64url"));
  }

  /** @param origin the socket that made the change, and need not be told */
  changed(change: Snapshot, origin?: SessionContext<never>): void {
    this.registry.change(change.sid, change, origin);
    this.#publish(() => ({ kind: "changed", change: toSend(change) }));
  }

  renewed(from: string, change: Snapshot): void {
    this.registry.change(from, change);
    const until = lastExpiry(
      this.#shared.settings.lifetimes,
      change.born,
      change.exp,
      nowSeconds(),
    );
    this.#publish(() => ({ kind: "renewed", from, until, change: toSend(change) }));
  }

  ended(sid: string, until: number): void {
    this.registry.end(sid);
    this.#publish(() => ({ kind: "ended", sid, until }));
  }

  userEnded(fact: UserRecord | undefined): void {
    this.#endUser();
    if (fact !== undefined) this.#publish(() => ({ kind: "user", fact }));
  }

  /** A ticket was exchanged, or refused. */
  ticketDone(outcome: TicketOutcome): void {
    this.tickets.settle(outcome, "exchange");
    this.#publish(() => ({ kind: "ticket", ...outcome }));
  }

  exchange(context: SessionContext<never>, ticket: string): Promise<ExchangeAnswer> {
    return exchangeTicket(this, context, ticket.slice(0, MAX_TOKEN_CHARACTERS + 1));
  }

  learned(fact: LogRecord): void {
    switch (fact.kind) {
      case "end":
        this.registry.end(fact.sid);
        return;
      case "user":
        this.#endUser();
        return;
      case "rev":
        this.#catchUp(fact.sid, fact.rev);
    }
  }

  #receive(text: string): void {
    const message = readMessage(text, this.#name);
    if (message === undefined) return;
    const { recent, store } = this.#shared;
    const now = nowSeconds();
    switch (message.kind) {
      case "changed":
        this.#take(message.change.sid, message.change);
        return;
      case "renewed":
        recent.end(message.from, now);
        store?.learn({ kind: "end", sid: message.from, until: message.until });
        this.#take(message.from, message.change);
        return;
      case "ended":
        recent.end(message.sid, now);
        store?.learn({ kind: "end", sid: message.sid, until: message.until });
        this.registry.end(message.sid);
        return;
      case "user":
        if (store?.learn(message.fact) === true) this.#endUser();
        return;
      case "ticket":
        if (message.code === undefined) this.tickets.use(message.ticket, now);
        this.tickets.settle(message, "exchange");
    }
  }

  #take(sid: string, sent: SentChange): void {
    const { json } = sent;
    if (json === undefined) {
      this.#catchUp(sid, sent.rev, sent);
      return;
    }
    if (parseBody(json) === undefined) return;
    const { recent } = this.#shared;
    const known = recent.peek(sent.sid);
    if (known === undefined || known.rev < sent.rev) {
      recent.record(sent.sid, sent.rev, json, nowSeconds());
    }
    this.registry.change(sid, { ...sent, json });
  }

  /** A session that has sockets here is newer in the store. */
  #catchUp(sid: string, rev: number, sent?: SentChange): void {
    const [attached] = socketsOf(this.registry.get(sid));
    const { store } = this.#shared;
    if (attached === undefined || store === undefined) return;
    const now = currentOf(attached.context);
    if (now.rev >= rev && (sent === undefined || sent.sid === now.sid)) return;
    const to = sent ?? now;
    store.fetch(to.sid).then(
      (stored) => {
        if (stored === ENDED) this.registry.end(sid);
        else if (stored !== undefined) this.registry.change(sid, { ...to, ...stored });
      },
      (error: unknown) => store.report(error),
    );
  }

  /** Closes the sockets whose sessions ended with their user's. */
  #endUser(): void {
    const { store } = this.#shared;
    if (store === undefined) return;
    for (const live of this.registry.all()) {
      const [first] = socketsOf(live);
      if (first === undefined) continue;
      const { born } = currentOf(first.context);
      const user = store.userOf(first.context.state.data);
      if (store.isEnded(live.sid, born, user)) this.registry.end(live.sid);
    }
  }

  #publish(message: () => Message): void {
    const backplane = this.#backplane;
    if (backplane === undefined) return;
    this.#attempt(() => backplane.publish(writeMessage(this.#name, message())));
  }

  /** Other processes may be out of reach: requests here go on, and the store's log has the rest. */
  #attempt(call: () => unknown): void {
    const report = () => {
      this.#shared.settings.events.emit("store", undefined, { reason: "backplane" });
    };
    try {
      const outcome = call();
      if (outcome instanceof Promise) outcome.catch(report);
    } catch {
      report();
    }
  }
}

const ignore = () => undefined;

/** The hub of sessions, which from now on have one. */
export function hubOf(shared: Shared): LiveHub {
  if (shared.live instanceof LiveHub) return shared.live;
  const hub = new LiveHub(shared);
  shared.live = hub;
  return hub;
}
