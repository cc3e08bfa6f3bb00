import { factsOf, type RequestFacts } from "@galleta/session/adapter";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { H3Event } from "h3";
import { FastURL, NodeRequest } from "srvx/node";
import type { Core } from "../core.ts";
import { HTTPError } from "../http-error.ts";

/** The route that matches the path of a handshake. */
export type Match = NonNullable<ReturnType<Core["findSocket"]>>;

/**
 * A WebSocket handshake, as Node's event `upgrade` passes it, and the route that matches its path.
 */
export interface Upgrade {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly event: H3Event;
  readonly match: Match | undefined;
}

/**
 * The characters that a Host header may contain. Later code decides whether the host is allowed.
 */
const HOST = /^[\w.:[\]-]+$/;

/**
 * Finds the route of a handshake by its path.
 *
 * @throws HTTPError 400 if the Host header or the request target is malformed
 */
export function readUpgrade(
  core: Core,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Upgrade {
  const event = new H3Event(requestOf(req));
  const match = isDecodable(event.url.pathname) ? core.findSocket(event) : undefined;
  return { req, socket, head, event, match };
}

/** Throws an HTTPError if a handshake must be denied. Runs before any code of the app. */
export function checkUpgrade(
  core: Core,
  { req, event, match }: Upgrade,
): { match: Match; facts: RequestFacts } {
  if (!isDecodable(event.url.pathname)) throw new HTTPError(400);
  if (match === undefined) throw new HTTPError(404);
  // ws checks this too, but only after the view has run.
  const key = req.headers["sec-websocket-key"] ?? "";
  if (req.method !== "GET" || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    throw new HTTPError(400, { detail: "The request is not a WebSocket handshake." });
  }
  if (req.headers["sec-websocket-version"] !== "13") {
    throw new HTTPError(426, { headers: { "sec-websocket-version": "13" } });
  }
  const { sessions, otherSessions, hosts } = core;
  const facts = factsOf(event.req);
  let denial = sessions ? sessions.checkHandshake(facts) : hosts?.host(facts);
  for (const each of otherSessions) denial ??= each.checkHandshake(facts);
  if (denial) throw new HTTPError(denial.status, { denial, detail: denial.message });
  return { match, facts };
}

/**
 * Makes a Request of srvx and sets its URL. If srvx made the URL, it would also ask the operating
 * system for the client's address.
 */
function requestOf(req: IncomingMessage) {
  const { host } = req.headers;
  const target = req.url ?? "";
  if (!target.startsWith("/") || host === undefined || !HOST.test(host)) throw new HTTPError(400);
  const request = new NodeRequest({ req });
  const protocol = "encrypted" in req.socket && req.socket.encrypted === true ? "https:" : "http:";
  const query = target.indexOf("?");
  const pathname = query < 0 ? target : target.slice(0, query);
  const search = query < 0 ? "" : target.slice(query);
  request._url = new FastURL({ protocol, host, pathname, search });
  return request;
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}
