// Everything of h3 and crossws that is used and that they do not promise to keep. seams.test.ts fails
// where one of it moves, so a newer version within the range of package.json is found out by CI.
import { _nodeAdapter } from "crossws/adapters/node";
import { H3, type H3Event, type H3Route } from "h3";
import { findRoute } from "rou3";

/** An h3 app that gives a request without a route to a handler of ours. */
export class FallbackH3 extends H3 {
  readonly #fallback: { data: H3Route };

  constructor(fallback: H3Route) {
    super();
    this.#fallback = { data: fallback };
  }

  override "~findRoute"(event: H3Event) {
    return super["~findRoute"](event) ?? this.#fallback;
  }

  /** Whether a path has a route for this method, added by whomever. */
  hasRoute(method: string, path: string): boolean {
    return findRoute(this["~rou3"], method, path) !== undefined;
  }
}

// Where h3 keeps what its own functions (CORS, caching, events) want in the response.
const STAGED = Symbol.for("h3.internal.event.res");

/** Whether h3's own functions staged headers. The getter `event.res` would make some for each event. */
export function hasStaged(event: H3Event): boolean {
  return STAGED in event && event[STAGED] !== undefined;
}

/** The adapter without the check that it runs on Node: Bun and Deno have what it needs of node:http. */
export const nodeAdapter = _nodeAdapter;
