// The only file that uses internals of h3 and crossws. seams.test.ts fails if one of them changes,
// so CI notices a newer version within the range of package.json.
import { _nodeAdapter } from "crossws/adapters/node";
import { H3, type H3Event, type H3Route } from "h3";
import { findRoute } from "rou3";

/** An h3 app that passes requests without a route to our own handler. */
export class FallbackH3 extends H3 {
  readonly #fallback: { data: H3Route };

  constructor(fallback: H3Route) {
    super();
    this.#fallback = { data: fallback };
  }

  override "~findRoute"(event: H3Event) {
    return super["~findRoute"](event) ?? this.#fallback;
  }

  /** True if a path has a route for this method, whoever added it. */
  hasRoute(method: string, path: string): boolean {
    return findRoute(this["~rou3"], method, path) !== undefined;
  }
}

// The key under which h3 keeps headers that its own functions (CORS, caching, events) add to the
// response.
const STAGED = Symbol.for("h3.internal.event.res");

/**
 * True if h3's own functions staged headers. Reading `event.res` would create them for each event.
 */
export function hasStaged(event: H3Event): boolean {
  return STAGED in event && event[STAGED] !== undefined;
}

/**
 * The adapter without its check for Node, because Bun and Deno also provide the parts of node:http
 * that it uses.
 */
export const nodeAdapter = _nodeAdapter;
