import type { Commit } from "../cookie/headers.ts";
import type { MaybePromise } from "../maybe.ts";
import type { SessionContext } from "./context.ts";
import type { RequestFacts } from "./request.ts";

/** What sessions answer in the place of the app. */
export interface Reply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  /** Further headers, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The cookies to set. */
  readonly commit?: Commit;
}

/**
 * A route that sessions answer themselves, before the app sees the request. It passed the check
 * against cross-site requests; with `csrf: "strict"` a secret of its own stands for the token.
 */
export interface Endpoint {
  /** As in `POST`. */
  readonly method: string;
  /** @param body `undefined` where it is above 1 MiB or breaks off */
  answer(
    context: SessionContext<never>,
    facts: RequestFacts,
    body: Uint8Array | undefined,
  ): MaybePromise<Reply>;
}
