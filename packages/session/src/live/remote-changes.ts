import { nowSeconds } from "../session/clock.ts";
import { parseBody } from "../session/json.ts";
import { ENDED, type Revision } from "../session/records.ts";
import type { Shared } from "../session/shared.ts";
import { socketsOf, type LiveSession } from "./attached.ts";
import type { Message, SentChange } from "./messages.ts";
import type { Registry } from "./registry.ts";
import { currentOf } from "./socket-session.ts";
import type { Watch } from "./watch.ts";

/** Applies changes of other processes, and of the store, to the sockets of this process. */
export class RemoteChanges {
  readonly #shared: Shared;
  readonly #registry: Registry;

  constructor(shared: Shared, registry: Registry) {
    this.#shared = shared;
    this.#registry = registry;
  }

  /** Applies a message of another process to the sockets of this process. */
  receive(message: Message, watch: Watch | undefined): void {
    const { recent, store } = this.#shared;
    const { tickets } = this.#registry;
    const now = nowSeconds();
    switch (message.kind) {
      case "changed":
        this.#take(message.change.sid, message.change);
        return;
      case "renewed":
        recent.end(message.from, now);
        store?.learnEnd(message.from);
        this.#take(message.from, message.change);
        return;
      case "ended":
        recent.end(message.sid, now);
        store?.learnEnd(message.sid);
        this.#registry.end(message.sid);
        return;
      case "user":
        watch?.soon(message.user);
        return;
      case "ticket":
        if (message.code === undefined) tickets.use(message.ticket, now);
        tickets.settle(message, "exchange");
    }
  }

  #take(sid: string, sent: SentChange): void {
    const { json } = sent;
    if (json === undefined) {
      this.#catchUp(sid, sent);
      return;
    }
    if (parseBody(json) === undefined) return;
    const { recent } = this.#shared;
    const known = recent.peek(sent.sid);
    if (known === undefined || known.rev < sent.rev) {
      recent.record(sent.sid, sent.rev, json, nowSeconds());
    }
    this.#registry.change(sid, { ...sent, json });
  }

  /**
   * Applies a message without data: a session changed, was prolonged, or got a new id. Changed data
   * is read from the store.
   */
  #catchUp(sid: string, sent: SentChange): void {
    const [attached] = socketsOf(this.#registry.get(sid));
    const { store } = this.#shared;
    if (attached === undefined || store === undefined) return;
    const now = currentOf(attached.context);
    if (now.rev >= sent.rev && sent.sid === now.sid) {
      if (now.rev === sent.rev) this.#registry.change(sid, { ...now, ...sent });
      return;
    }
    const { data, meta } = attached.context.state;
    store.check([{ sid: sent.sid, data, meta }]).then(
      ([stored]) => {
        if (stored === ENDED) this.#registry.end(sid);
        else if (stored !== undefined) this.#registry.change(sid, { ...sent, ...stored });
      },
      (error: unknown) => store.report(error),
    );
  }

  /**
   * Reads sessions from the store, and applies their changes and ends to the sockets of this
   * process.
   */
  async check(lives: readonly LiveSession[]): Promise<void> {
    const { store } = this.#shared;
    const judged = lives.map(judgedBy).filter((one) => one !== undefined);
    if (store === undefined || judged.length === 0) return;
    try {
      const outcomes = await store.check(judged);
      for (const [i, outcome] of outcomes.entries()) this.#apply(judged[i]!.sid, outcome);
    } catch (error) {
      store.report(error);
    }
  }

  #apply(sid: string, outcome: Revision | typeof ENDED | undefined): void {
    const [attached] = socketsOf(this.#registry.get(sid));
    if (attached === undefined || outcome === undefined) return;
    if (outcome === ENDED) {
      this.#registry.end(sid);
      return;
    }
    const now = currentOf(attached.context);
    if (outcome.rev > now.rev) this.#registry.change(sid, { ...now, ...outcome });
  }
}

/**
 * Returns what the store needs to check if a session changed or ended. Returns `undefined` if the
 * session has no open socket.
 */
export function judgedBy(live: LiveSession) {
  const [first] = socketsOf(live);
  if (first === undefined) return undefined;
  const { data, meta } = first.context.state;
  return { sid: live.sid, data, meta };
}
