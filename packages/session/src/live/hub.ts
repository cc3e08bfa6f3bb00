import { randomBytes } from "node:crypto";
import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { parseBody } from "../session/json.ts";
import type { Ledger } from "../session/ledger.ts";
import type { SessionSettings } from "../session/settings.ts";
import { ENDED, type Change, type Hub } from "../session/vault.ts";
import type { Fact, UserFact } from "../store/facts.ts";
import type { StoreVault } from "../store/vault.ts";
import type { Backplane } from "./backplane.ts";
import {
  readMessage,
  toSend,
  writeMessage,
  type Message,
  type SentChange,
  type TicketOutcome,
} from "./messages.ts";
import { currentOf, Registry, socketsOf, type Attached } from "./registry.ts";
import type { Tickets } from "./tickets.ts";
import { CLOSE_CODE, SESSION_ENDED, type LiveSocket } from "./socket.ts";
import { lastExpiry } from "../session/end.ts";

/** Where commits, sockets, other processes and the store's log meet. */
export class LiveHub implements Hub {
  readonly registry: Registry;
  /** Where pages exchange tickets. */
  readonly exchangePath: string;
  /** The store, where there is one. Set once, since it tells this hub its news. */
  vault: StoreVault | undefined;
  readonly settings: SessionSettings;
  readonly #ledger: Ledger;
  readonly #backplane: Backplane | undefined;
  /** Tells our own messages from others'. */
  #lazyName: string | undefined;
  #isListening = false;

  constructor(
    settings: SessionSettings,
    ledger: Ledger,
    { backplane, exchangePath }: { backplane: Backplane | undefined; exchangePath: string },
  ) {
    this.settings = settings;
    this.#ledger = ledger;
    this.#backplane = backplane;
    this.exchangePath = exchangePath;
    this.registry = new Registry(settings.lifetimes);
  }

  get tickets(): Tickets {
    return this.registry.tickets;
  }

  get hasBackplane(): boolean {
    return this.#backplane !== undefined;
  }

  /** Begins to listen to other processes. */
  start(): void {
    if (this.#isListening || this.#backplane === undefined) return;
    this.#isListening = true;
    const backplane = this.#backplane;
    this.#attempt(() =>
      backplane.subscribe(
        (text) => this.#receive(text),
        // What was said meanwhile stands in the store's log.
        () => void this.vault?.refresh().catch(ignore),
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
   * @returns `undefined` where it has none: no cookie was brought, and none set
   */
  attach(context: SessionContext<never>, socket: LiveSocket): Attached | undefined {
    const { state } = context;
    const { loaded, issued } = state;
    if (issued === undefined && (loaded.isNew || state.sid !== loaded.sid)) return undefined;
    const { vault } = this;
    const { sid, born } = currentOf(context);
    const known = this.#ledger.peek(sid);
    const isEnded = vault?.isEnded(sid, born, vault.userOf(state.dictionary.data)) === true;
    if (known?.ended === true || isEnded) {
      context.end();
      socket.close(CLOSE_CODE, SESSION_ENDED);
      return undefined;
    }
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
  changed(change: Change, origin?: SessionContext<never>): void {
    this.registry.change(change.sid, change, origin);
    this.#publish(() => ({ kind: "changed", change: toSend(change) }));
  }

  renewed(from: string, change: Change): void {
    this.registry.change(from, change);
    const until = lastExpiry(this.settings.lifetimes, change.born, change.exp, nowSeconds());
    this.#publish(() => ({ kind: "renewed", from, until, change: toSend(change) }));
  }

  ended(sid: string, until: number): void {
    this.registry.end(sid);
    this.#publish(() => ({ kind: "ended", sid, until }));
  }

  /** The sessions of a user ended. Without a fact the store was not told yet. */
  userEnded(fact: UserFact | undefined): void {
    this.#endUser();
    if (fact !== undefined) this.#publish(() => ({ kind: "user", fact }));
  }

  /** A ticket was exchanged, or refused. */
  ticketDone(outcome: TicketOutcome): void {
    this.tickets.settle(outcome, "exchange");
    this.#publish(() => ({ kind: "ticket", ...outcome }));
  }

  /** The store's log has news of another process. */
  learned(fact: Fact): void {
    switch (fact.kind) {
      case "end":
        this.#ledger.end(fact.sid, nowSeconds());
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
    switch (message?.kind) {
      case undefined:
        return;
      case "changed":
        this.#take(message.change.sid, message.change);
        return;
      case "renewed":
        this.#ledger.end(message.from, nowSeconds());
        this.vault?.learn({ kind: "end", sid: message.from, until: message.until });
        this.#take(message.from, message.change);
        return;
      case "ended":
        this.vault?.learn({ kind: "end", sid: message.sid, until: message.until });
        this.learned({ kind: "end", sid: message.sid, until: message.until });
        return;
      case "user":
        if (this.vault?.learn(message.fact) === true) this.#endUser();
        return;
      case "ticket":
        if (message.code === undefined) this.tickets.use(message.ticket, nowSeconds());
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
    const known = this.#ledger.peek(sent.sid);
    if (known === undefined || known.rev < sent.rev) {
      this.#ledger.record(sent.sid, sent.rev, json, nowSeconds());
    }
    this.registry.change(sid, { ...sent, json });
  }

  /** A session that has sockets here is newer in the store. */
  #catchUp(sid: string, rev: number, sent?: SentChange): void {
    const [attached] = socketsOf(this.registry.get(sid));
    const vault = this.vault;
    if (attached === undefined || vault === undefined) return;
    const now = currentOf(attached.context);
    if (now.rev >= rev && (sent === undefined || sent.sid === now.sid)) return;
    const to = sent ?? now;
    vault.fetch(to.sid).then(
      (stored) => {
        if (stored === ENDED) this.registry.end(sid);
        else if (stored !== undefined) this.registry.change(sid, { ...to, ...stored });
      },
      (error: unknown) => vault.report(error),
    );
  }

  /** Closes the sockets whose sessions ended with their user's. */
  #endUser(): void {
    const vault = this.vault;
    if (vault === undefined) return;
    for (const live of this.registry.all()) {
      const [first] = socketsOf(live);
      if (first === undefined) continue;
      const { born } = currentOf(first.context);
      const user = vault.userOf(first.context.state.dictionary.data);
      if (vault.isEnded(live.sid, born, user)) this.registry.end(live.sid);
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
      this.settings.events.emit("store", undefined, { reason: "backplane" });
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
