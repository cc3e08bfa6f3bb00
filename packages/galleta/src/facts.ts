import type { RequestFacts } from "@galleta/session";
import type { H3Event } from "h3";

/**
 * What the session engine asks of a request, read from h3's event. Both an HTTP request and a
 * WebSocket handshake have one, so both are judged by the same rules.
 */
export class EventFacts implements RequestFacts {
  readonly #event: H3Event;

  constructor(event: H3Event) {
    this.#event = event;
  }

  get method(): string {
    return this.#event.req.method;
  }

  get target(): string {
    const { runtime, url } = this.#event;
    return runtime?.node?.req.url ?? url.pathname + url.search;
  }

  header(name: string): string | undefined {
    const value = this.#event.req.headers.get(name);
    if (value !== null) return value;
    // A Request that no server received has its host in the URL alone. Where a server received
    // it, a Host that is missing stays missing.
    return name === "host" && !this.#event.runtime?.node ? this.#event.url.host : undefined;
  }

  get encrypted(): boolean {
    const { runtime, url } = this.#event;
    if (!runtime?.node) return url.protocol === "https:";
    const { socket } = runtime.node.req;
    return "encrypted" in socket && socket.encrypted === true;
  }

  get remoteAddress(): string | undefined {
    const { runtime, req } = this.#event;
    return runtime?.node ? runtime.node.req.socket.remoteAddress : req.ip;
  }
}
