import type { RequestFacts } from "../../session/request.ts";

/** The method and the target of a request, which its headers do not contain. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
}

/**
 * Describes a request by its headers, for frameworks that pass only these. Host and scheme come
 * from the same headers that the framework uses: `X-Forwarded-*` before `Host`. A page of another
 * site cannot set these headers, so the Origin check may rely on them.
 */
export class HeaderFacts implements RequestFacts {
  readonly method: string;
  readonly target: string;
  /** The client's address is unknown here: only the framework's server knows it. */
  readonly remoteAddress = undefined;
  readonly #headers: Pick<Headers, "get">;

  constructor(headers: Pick<Headers, "get">, { method, target }: RequestLine) {
    this.#headers = headers;
    this.method = method;
    this.target = target;
  }

  header(name: string): string | undefined {
    if (name.startsWith(":")) return undefined;
    const forwarded = name === "host" ? this.#first("x-forwarded-host") : undefined;
    return forwarded ?? this.#headers.get(name) ?? undefined;
  }

  get encrypted(): boolean {
    return this.#first("x-forwarded-proto") === "https";
  }

  #first(name: string): string | undefined {
    return this.#headers.get(name)?.split(",")[0]?.trim() || undefined;
  }
}
