/** The subprotocol that tells the server that it may send control frames. */
const PROTOCOL = "galleta.v1";
/** What a control frame begins with; a message of the app that does so too has one more. */
const MARK = "\0";

// Where there is no WebSocket (a server that renders pages) the module still loads.
const Base = (globalThis.WebSocket ?? Object) as typeof WebSocket;

/** Messages that were sent with a mark in front, as they were meant. */
const unwrapped = new WeakSet<Event>();

/**
 * A WebSocket whose session can be changed by the server: where that needs a new cookie, it is
 * fetched unseen. Everything else is as in `WebSocket`. Use it in pages; it needs no framework.
 *
 * @example
 * ```ts
 * import { LiveWebSocket } from "@galleta/session/client";
 * const socket = new LiveWebSocket("/feed");
 * socket.onmessage = ({ data }) => show(data);
 * ```
 */
export class LiveWebSocket extends Base {
  constructor(url: string | URL, protocols: string | readonly string[] = []) {
    const own = typeof protocols === "string" ? [protocols] : protocols;
    super(url, [...own.map((name) => `${PROTOCOL}+${name}`), ...own, PROTOCOL]);
    // The first listener, so that it can keep control frames from all others.
    this.addEventListener("message", (event) => this.#receive(event));
  }

  /** The subprotocol that the server chose of those that were given; empty where it chose none. */
  override get protocol(): string {
    return this.#isLive ? super.protocol.slice(PROTOCOL.length + 1) : super.protocol;
  }

  override send(data: Parameters<WebSocket["send"]>[0]): void {
    const isMarked = typeof data === "string" && data.startsWith(MARK) && this.#isLive;
    super.send(isMarked ? MARK + data : data);
  }

  get #isLive(): boolean {
    return super.protocol.split("+", 1)[0] === PROTOCOL;
  }

  #receive(event: MessageEvent<unknown>): void {
    const { data, origin } = event;
    if (typeof data !== "string" || !data.startsWith(MARK) || !this.#isLive) return;
    if (unwrapped.has(event)) return;
    event.stopImmediatePropagation();
    const rest = data.slice(MARK.length);
    if (rest.startsWith(MARK)) {
      const meant = new MessageEvent("message", { data: rest, origin });
      unwrapped.add(meant);
      this.dispatchEvent(meant);
    } else {
      void this.#exchange(rest);
    }
  }

  async #exchange(frame: string): Promise<void> {
    const { id, ticket, path } = JSON.parse(frame) as Record<"id" | "ticket" | "path", string>;
    let answer: { readonly receipt?: string; readonly code?: string };
    try {
      const url = new URL(path, this.url.replace(/^ws/, "http"));
      const response = await fetch(url, { method: "POST", body: ticket, redirect: "error" });
      answer = (await response.json()) as typeof answer;
    } catch {
      answer = { code: "ERR_SESSION_UPDATE_TIMEOUT" };
    }
    const { receipt, code } = answer;
    if (this.readyState === this.OPEN) super.send(MARK + JSON.stringify({ id, receipt, code }));
  }
}
