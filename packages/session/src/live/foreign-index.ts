import type { Ending } from "./expiry-timer.ts";

/** A socket or stream, as far as its end goes. */
export interface ClosableSocket {
  /** Closes it. Called with 1008 and "session ended" or "session expired". */
  close(code: number, reason: string): void;
}

/** A socket under its session and its user. */
export interface Held extends Ending {
  readonly id: string;
  /** The session, by a hash. */
  readonly name: string;
  /** Its user, by a hash. */
  readonly user: string | undefined;
  readonly socket: ClosableSocket;
}

/** Hears for which sessions and users this process has sockets. */
interface Holding {
  first(name: string): void;
  last(name: string): void;
}

/** Sockets by the names of their sessions and users. */
export class ForeignIndex {
  readonly #byName = new Map<string, Set<Held>>();
  readonly #holding: Holding;

  constructor(holding: Holding) {
    this.#holding = holding;
  }

  /** The sockets of a session or a user, in a list of the caller's own. */
  get(name: string): readonly Held[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  /** The ids of all sessions that have sockets here. */
  ids(): string[] {
    const ids = new Set<string>();
    for (const helds of this.#byName.values()) for (const { id } of helds) ids.add(id);
    return [...ids];
  }

  add(held: Held): void {
    for (const name of namesOf(held)) {
      const there = this.#byName.get(name);
      if (there !== undefined) {
        there.add(held);
        continue;
      }
      this.#byName.set(name, new Set([held]));
      this.#holding.first(name);
    }
  }

  remove(held: Held): void {
    for (const name of namesOf(held)) {
      const there = this.#byName.get(name);
      if (there?.delete(held) !== true || there.size > 0) continue;
      this.#byName.delete(name);
      this.#holding.last(name);
    }
  }
}

function namesOf({ name, user }: Held): string[] {
  return user === undefined ? [name] : [name, user];
}
