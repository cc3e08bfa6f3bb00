import { nowSeconds } from "../session/clock.ts";
import type { SessionContext } from "../session/context.ts";
import { parseBody } from "../session/json.ts";
import { lifetimesOf, ownMaxAge } from "../session/lifetime.ts";
import type { StorePort } from "../session/ports.ts";
import { ENDED, type Revision } from "../session/records.ts";
import { newSnapshot } from "../session/snapshot.ts";
import type { Attached, LiveSession } from "./attached.ts";
import type { Registry } from "./registry.ts";
import { currentOf, hasEnded } from "./socket-session.ts";
import { makeTicket, TICKET_SECONDS } from "./ticket.ts";
import { Clock, sendTicket, type TicketSender } from "./update-ticket.ts";

/**
 * What {@link Activity} needs to prolong sessions: the sockets of this process, and a way to send
 * tickets to pages.
 */
interface Hub extends TicketSender {
  readonly registry: Registry;
}

/**
 * Prolongs sessions when their sockets receive messages (option `socketActivity`). A message
 * prolongs a session only after a tenth of its lifetime, and never beyond `absoluteMaxAge`, as a
 * request does.
 */
export class Activity {
  readonly #hub: Hub;
  /**
   * When this process last tried to prolong each session, in seconds since 1970. Without this time,
   * every message on a socket would try again.
   */
  readonly #triedAt = new WeakMap<LiveSession, number>();
  #wasTold = false;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /**
   * Prolongs a socket's session if a tenth of its lifetime has passed. Call this for each message
   * that a client sends to the app.
   */
  message(attached: Attached): void {
    const { context, live } = attached;
    const { state, settings } = context;
    const { born, iat, exp } = state.issued ?? state.loaded;
    const { maxAge, absoluteMaxAge } = lifetimesOf(settings.lifetimes, ownMaxAge(state.meta));
    if (maxAge === null) return;
    const now = nowSeconds();
    const isOver = (since: number) => now - since > maxAge / 10;
    if (!isOver(iat) || !isOver(this.#triedAt.get(live) ?? 0) || hasEnded(context)) return;
    if (absoluteMaxAge !== null && exp >= born + absoluteMaxAge) return;
    this.#triedAt.set(live, now);
    const { store } = context.shared;
    if (attached.socket.control !== undefined) {
      // Only sending can fail, and the server that owns the socket reports that.
      this.#byPage(attached, now, maxAge).catch(() => undefined);
    } else if (store !== undefined) {
      this.#byStore(context, store, now).catch((error: unknown) => store.report(error));
    } else {
      this.#report(context, "ERR_SESSION_STORE_REQUIRED", WITHOUT_STORE);
    }
  }

  /**
   * Asks the page of the socket to fetch a new cookie, which prolongs the session. The page's
   * request saves the session like any other request, so all sockets of the session get the new
   * expiry.
   */
  async #byPage(attached: Attached, now: number, maxAge: number): Promise<void> {
    const { context } = attached;
    const { sid, rev } = currentOf(context);
    const ticket = makeTicket(context.settings.ring, sid, { rev, json: "" }, now);
    const clock = new Clock(attached, TICKET_SECONDS);
    try {
      const outcome = await sendTicket(this.#hub, attached, ticket, undefined, clock);
      if (outcome?.code === UNANSWERED) this.#report(context, UNANSWERED, this.#withoutExchange);
      if (outcome === undefined || outcome.code !== undefined || hasEnded(context)) return;
    } finally {
      clock.stop();
    }
    // If the exchange ran in another process, this process may have got no message. The exchange
    // keeps a cookie that is younger than a tenth of its lifetime, so the cookie may be that old.
    const known = currentOf(context);
    const at = now - Math.floor(maxAge / 10);
    if (known.sid !== sid || known.iat >= at) return;
    this.#hub.registry.change(sid, newSnapshot(context.shared, context.state, known, at));
  }

  /**
   * Prolongs the session in the store, as a request that only reads would. The browser keeps its
   * old cookie.
   */
  async #byStore(context: SessionContext<never>, store: StorePort, now: number): Promise<void> {
    const { state, shared } = context;
    const [stored] = await store.check([state]);
    const known = currentOf(context);
    if (stored === ENDED) return this.#hub.registry.end(known.sid);
    if (hasEnded(context)) return;
    let newest: Revision = known;
    for (const other of [shared.recent.peek(known.sid), stored]) {
      if (other !== undefined && other.rev > newest.rev) newest = other;
    }
    const body = parseBody(newest.json);
    if (body === undefined) return;
    const { rev, json } = newest;
    const loaded = {
      ...state.loaded,
      ...known,
      ...body,
      rev,
      json,
      isNew: false,
      isForeign: false,
    };
    const { sid, born } = known;
    const draft = { loaded, sid, born, ...body, destroyed: false, secure: false, strays: [] };
    await store.save(draft, { json, changed: false, renewed: false }, undefined, now);
  }

  get #withoutExchange(): string {
    return `socketActivity could not prolong a session: Galleta did not answer the page's POST ${this.#hub.publicExchangePath}. Pass the result of one createSessions to the HTTP server and to the socket server. See https://galleta.js.org/options#socketactivity`;
  }

  #report({ settings, state }: SessionContext<never>, reason: string, message: string): void {
    if (this.#wasTold) return;
    this.#wasTold = true;
    settings.events.emit("dropped", state.sid, { reason, keys: [], message });
  }
}

/** The error code that a page sends over its socket if its request for a new cookie failed. */
const UNANSWERED = "ERR_SESSION_UPDATE_TIMEOUT";

const WITHOUT_STORE =
  "socketActivity cannot prolong a session without a store, unless the page uses the WebSocket of @galleta/session/client. See https://galleta.js.org/options#socketactivity";
