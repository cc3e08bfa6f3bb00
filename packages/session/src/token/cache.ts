import type { OpenedToken } from "./token.ts";

const GENERATION = 1024;

/**
 * Remembers tokens that were verified a moment ago, keyed by the whole token, so that the MAC need
 * not be computed again. Times and revocation are judged every time, and what is kept is text, so
 * each request parses a copy of its own.
 *
 * Two generations bound it: when the young one is full it becomes the old one, and what nobody
 * asked for since is dropped.
 */
export class TokenCache {
  #young = new Map<string, OpenedToken>();
  #old = new Map<string, OpenedToken>();

  get(token: string): OpenedToken | undefined {
    const young = this.#young.get(token);
    if (young !== undefined) return young;
    const old = this.#old.get(token);
    if (old !== undefined) this.set(token, old);
    return old;
  }

  set(token: string, opened: OpenedToken): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(token, opened);
  }
}
