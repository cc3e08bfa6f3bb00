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
    const { runtime, req, url } = this.#event;
    // What the client sent, without making an object of all headers for the one that is asked for.
    if (runtime?.node) return findHeader(runtime.node.req.rawHeaders, name);
    // A Request that no server received has its host in the URL alone. Where a server received
    // it, a Host that is missing stays missing.
    return req.headers.get(name) ?? (name === "host" ? url.host : undefined);
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

/** @param raw names and values in turn, as Node received them */
function findHeader(raw: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const key = raw[i]!;
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    const value = raw[i + 1]!;
    const separator = name === "cookie" ? "; " : ", ";
    found = found === undefined ? value : found + separator + value;
  }
  return found;
}
