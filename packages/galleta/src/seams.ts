// Everything that this package uses of h3 and crossws and that they do not promise to keep.
// seams.test.ts fails when one of these moves, so CI notices a newer version within the range of
// package.json.
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

  /** True if a path has a route for this method, from any source. */
  hasRoute(method: string, path: string): boolean {
    return findRoute(this["~rou3"], method, path) !== undefined;
  }
}

// Where h3 keeps headers that its own functions (CORS, caching, events) add to the response.
const STAGED = Symbol.for("h3.internal.event.res");

/**
 * True if h3's own functions staged headers. The getter `event.res` would create some for each
 * event.
 */
export function hasStaged(event: H3Event): boolean {
  return STAGED in event && event[STAGED] !== undefined;
}

/**
 * The adapter without the check that it runs on Node: Bun and Deno provide what it needs of
 * node:http.
 */
export const nodeAdapter = _nodeAdapter;
