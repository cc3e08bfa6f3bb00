import type { RequestFacts } from "../../packages/session/src/session/request.ts";

/** A short description of a request. A list stands for a header that was sent several times. */
export interface RequestWords {
  method?: string;
  target?: string;
  headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  encrypted?: boolean;
  remoteAddress?: string;
}

/**
 * Makes the facts of a request as an adapter would: header names in any case, repeated headers
 * joined.
 */
export function facts(words: RequestWords = {}): RequestFacts {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(words.headers ?? {})) {
    if (value === undefined) continue;
    headers.set(name.toLowerCase(), typeof value === "string" ? value : value.join(", "));
  }
  return {
    method: words.method ?? "GET",
    target: words.target ?? "/",
    header: (name) => headers.get(name),
    encrypted: words.encrypted ?? false,
    remoteAddress: words.remoteAddress,
  };
}
