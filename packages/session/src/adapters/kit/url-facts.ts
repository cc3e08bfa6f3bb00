import { FetchFacts, type ConnectionFacts } from "./fetch-facts.ts";

/**
 * The facts of a request whose URL the framework has worked out, behind proxies too. The origin of
 * that URL is what the framework's own check compares with, so that both checks agree.
 */
export class UrlFacts extends FetchFacts {
  readonly #url: URL;

  /** @param url as the framework says that the browser sees it */
  constructor(request: Request, url: URL, connection?: () => ConnectionFacts) {
    super(request, () => ({ encrypted: url.protocol === "https:", ...connection?.() }));
    this.#url = url;
  }

  override header(name: string): string | undefined {
    return name === "host" ? this.#url.host : super.header(name);
  }
}
