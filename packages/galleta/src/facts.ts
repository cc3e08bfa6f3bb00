import type { RequestFacts } from "@galleta/session/adapter";
import type { H3Event } from "h3";
import type { IncomingMessage } from "node:http";

/**
 * What the session engine asks of a request, read from h3's event. Both an HTTP request and a
 * WebSocket handshake have one, so both are judged by the same rules.
 */
export class EventFacts implements RequestFacts {
  readonly #event: H3Event;
  /** The request as Node has it, where it is Node that serves. */
  readonly #node: IncomingMessage | undefined;

  constructor(event: H3Event) {
    this.#event = event;
    // h3's types allow for HTTP/2, whose requests have all that is read here as well.
    this.#node = event.req.runtime?.node?.req as IncomingMessage | undefined;
  }

  get method(): string {
    return this.#event.req.method;
  }

  get target(): string {
    const { url } = this.#event;
    return this.#node?.url ?? url.pathname + url.search;
  }

  header(name: string): string | undefined {
    // What the client sent, without making an object of all headers for the one that is asked for.
    if (this.#node !== undefined) return findHeader(this.#node.rawHeaders, name);
    // A Request that no server received has its host in the URL alone. Where a server received
    // it, a Host that is missing stays missing.
    const { req, url } = this.#event;
    return req.headers.get(name) ?? (name === "host" ? url.host : undefined);
  }

  get encrypted(): boolean {
    if (this.#node === undefined) return this.#event.url.protocol === "https:";
    // Only the sockets of TLS have it.
    return (this.#node.socket as { readonly encrypted?: boolean }).encrypted === true;
  }

  get remoteAddress(): string | undefined {
    return this.#node === undefined ? this.#event.req.ip : this.#node.socket.remoteAddress;
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
