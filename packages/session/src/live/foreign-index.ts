import type { Ending } from "./expiry-timer.ts";

/** A socket or stream that can be closed. */
export interface ClosableSocket {
  /**
   * Closes the socket or stream. The arguments are 1008 and "session ended" or "session expired".
   */
  close(code: number, reason: string): void;
}

/** An attached socket with its session and user. */
export interface Held extends Ending {
  readonly id: string;
  /** A hash of the session's id. */
  readonly name: string;
  /** A hash of the user's id. */
  readonly user: string | undefined;
  readonly socket: ClosableSocket;
}

/**
 * Called when a session or user gets its first socket in this process, and when its last socket
 * closes.
 */
interface Holding {
  first(name: string): void;
  last(name: string): void;
}

/**
 * Finds the sockets of a session or user in this process. The key is a hash of the session's or
 * user's id.
 */
export class ForeignIndex {
  readonly #byName = new Map<string, Set<Held>>();
  readonly #holding: Holding;

  constructor(holding: Holding) {
    this.#holding = holding;
  }

  /** Returns the sockets of a session or user in a new list. */
  get(name: string): readonly Held[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  /** Returns the ids of all sessions that have sockets in this process. */
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
