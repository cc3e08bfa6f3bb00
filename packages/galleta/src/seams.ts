// The only file that uses internals of h3, srvx and crossws. seams.test.ts fails if one of them
// changes, so CI notices a newer version within the range of package.json.
import type { ServerResponse } from "node:http";
import { _nodeAdapter } from "crossws/adapters/node";
import { H3, type H3Event, type H3Route } from "h3";
import { findRoute } from "rou3";
import { FastResponse } from "srvx";

/** An h3 app that calls the given handler for requests without a route. */
export class FallbackH3 extends H3 {
  readonly #fallback: { data: H3Route };

  constructor(fallback: H3Route) {
    super();
    this.#fallback = { data: fallback };
  }

  override "~findRoute"(event: H3Event) {
    return super["~findRoute"](event) ?? this.#fallback;
  }

  /** True if a path has a route for this method, even one that was added through `app.h3`. */
  hasRoute(method: string, path: string): boolean {
    return findRoute(this["~rou3"], method, path) !== undefined;
  }
}

// The key under which h3 keeps headers that its own functions (CORS, caching, events) add to the
// response.
const STAGED = Symbol.for("h3.internal.event.res");

/**
 * True if functions of h3 added headers to the response. Use this instead of reading `event.res`,
 * which would create a headers object for every event.
 */
export function hasStaged(event: H3Event): boolean {
  return STAGED in event && event[STAGED] !== undefined;
}

/** A response in the form that `writeHead` and `end` of Node need. */
interface Prepared {
  readonly status: number;
  readonly statusText: string;
  readonly headers: string[];
  readonly body: unknown;
}

// FastResponse as it is on Node. The general type of srvx lacks this method.
const NodeResponse = FastResponse as unknown as new (
  body: string,
  init: ResponseInit,
) => Response & { _toNodeResponse(): Prepared };

/** True on Node. On Bun and Deno, FastResponse is the runtime's own Response. */
const IS_NODES = "_toNodeResponse" in FastResponse.prototype;

/** A response with text, which is sent with one call of Node's `end`. */
class TextResponse extends NodeResponse {
  readonly #target: ServerResponse;

  constructor(text: string, init: ResponseInit, target: ServerResponse) {
    super(text, init);
    this.#target = target;
  }

  /** Called by srvx immediately before it sends the headers of the response. */
  override _toNodeResponse(): Prepared {
    const prepared = super._toNodeResponse();
    const target = this.#target;
    const { status, statusText, headers, body } = prepared;
    if (target.headersSent || typeof body !== "string") return prepared;
    target.writeHead(status, statusText, headers);
    target.end(body);
    return { ...prepared, body: undefined };
  }
}

/**
 * Makes a response with text. srvx would call `write` with the text and then `end`. This response
 * calls only `end`, which takes a tenth off the time of a request that reads its session.
 */
export function textResponse(text: string, init: ResponseInit, event: H3Event): Response {
  const node = event.runtime?.node;
  return IS_NODES && node?.res !== undefined && node.req.httpVersionMajor === 1
    ? new TextResponse(text, init, node.res as ServerResponse)
    : new FastResponse(text, init);
}

/**
 * crossws' adapter for Node, without its check that the runtime is Node. Bun and Deno also provide
 * the parts of node:http that it uses.
 */
export const nodeAdapter = _nodeAdapter;
