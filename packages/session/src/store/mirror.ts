import type { LogRecord as Fact, UserRecord as UserFact } from "../session/records.ts";

const SWEEP_SECONDS = 60;

/**
 * What this process knows of the store's log, so that a request asks a Map and not the network.
 * Everything in it is forgotten when no cookie can be concerned any more.
 */
export class Mirror {
  readonly #ended = new Map<string, number>();
  readonly #users = new Map<string, UserFact>();
  readonly #revisions = new Map<string, { rev: number; until: number }>();
  #sweptAt = 0;

  /** Takes a fact in. @returns whether it is news */
  learn(fact: Fact): boolean {
    switch (fact.kind) {
      case "end": {
        const isNews = !this.#ended.has(fact.sid);
        this.#ended.set(fact.sid, Math.max(fact.until, this.#ended.get(fact.sid) ?? 0));
        this.#revisions.delete(fact.sid);
        return isNews;
      }
      case "rev": {
        const known = this.#revisions.get(fact.sid);
        if (known !== undefined && known.rev >= fact.rev) {
          known.until = Math.max(known.until, fact.until);
          return false;
        }
        // One that a request noted for minutes must not cut short what a socket noted for weeks.
        const until = Math.max(fact.until, known?.until ?? 0);
        this.#revisions.set(fact.sid, { rev: fact.rev, until });
        return true;
      }
      case "user": {
        const known = this.#users.get(fact.subject);
        if (known !== undefined && known.by > fact.by) return false;
        if (known?.by === fact.by && (known.keep === fact.keep || known.keep === "")) return false;
        // Two devices that end all others in one moment end each other.
        this.#users.set(fact.subject, known?.by === fact.by ? { ...fact, keep: "" } : fact);
        return true;
      }
    }
  }

  isEnded(sid: string): boolean {
    return this.#ended.size > 0 && this.#ended.has(sid);
  }

  /** Whether any user's sessions were ended, so that it is worth a hash to ask. */
  get knowsUsers(): boolean {
    return this.#users.size > 0;
  }

  /** The second by which a user's sessions were ended. */
  endOf(subject: string): UserFact | undefined {
    return this.#users.get(subject);
  }

  revisionOf(sid: string): number {
    return this.#revisions.size === 0 ? 0 : (this.#revisions.get(sid)?.rev ?? 0);
  }

  /** The revocations, to be told to a store that lost them. */
  *revocations(): Generator<Fact> {
    for (const [sid, until] of this.#ended) yield { kind: "end", sid, until };
    yield* this.#users.values();
  }

  /** Forgets what is over. @param now seconds since 1970 */
  sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_SECONDS) return;
    this.#sweptAt = now;
    for (const [sid, until] of this.#ended) if (until < now) this.#ended.delete(sid);
    for (const [subject, { until }] of this.#users) if (until < now) this.#users.delete(subject);
    for (const [sid, { until }] of this.#revisions) if (until < now) this.#revisions.delete(sid);
  }
}
