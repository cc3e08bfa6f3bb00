/** The subprotocol that a page offers to show that it handles Galleta's own messages. */
const PROTOCOL = "galleta.v1";
/**
 * The first character of Galleta's own messages on a socket. If a message of the app starts with
 * this character, the sender adds it once more.
 */
const MARK = "\0";

// The module also loads on runtimes without WebSocket, such as a server that renders pages.
const Base = (globalThis.WebSocket ?? Object) as typeof WebSocket;

/**
 * Message events of the app that were dispatched again, after the added first character was
 * removed.
 */
const unwrapped = new WeakSet<Event>();

/**
 * A WebSocket whose session the server can change. It fetches a new cookie in the background if a
 * change needs one. Everything else works as in `WebSocket`. Use it in pages; it needs no
 * framework.
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
    // Added first, so that it can hide Galleta frames from all other listeners.
    this.addEventListener("message", (event) => this.#receive(event));
  }

  /** The subprotocol that the server chose from the app's list; empty if it chose none. */
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
      answer = {};
    }
    // An answer with neither a receipt nor a code is not from Galleta; it may be the app's 404.
    const { receipt, code = receipt ? undefined : "ERR_SESSION_UPDATE_TIMEOUT" } = answer;
    if (this.readyState === this.OPEN) super.send(MARK + JSON.stringify({ id, receipt, code }));
  }
}
