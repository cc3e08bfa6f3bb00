import type { RequestFacts } from "../../session/request.ts";

/** The parts of a request that {@link HeaderFacts} needs besides headers. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
}

/**
 * The facts of a request of which a framework passes only the headers. Host and scheme are those
 * that the framework uses: `X-Forwarded-*` before `Host`. No page of another site can set them, so
 * the Origin check may use them.
 */
export class HeaderFacts implements RequestFacts {
  readonly method: string;
  readonly target: string;
  /** Only the framework's server knows it. */
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
