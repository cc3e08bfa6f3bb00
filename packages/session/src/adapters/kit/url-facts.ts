import { FetchFacts, type ConnectionFacts } from "./fetch-facts.ts";

/**
 * Describes a request by the URL that the framework has determined, even behind proxies. The
 * framework's own cross-site check uses the same URL, so both checks agree.
 */
export class UrlFacts extends FetchFacts {
  readonly #url: URL;

  /**
   * @param url the URL that the browser sees, according to the framework
   */
  constructor(request: Request, url: URL, connection?: () => ConnectionFacts) {
    super(request, () => ({ encrypted: url.protocol === "https:", ...connection?.() }));
    this.#url = url;
  }

  override header(name: string): string | undefined {
    return name === "host" ? this.#url.host : super.header(name);
  }
}
