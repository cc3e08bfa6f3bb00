import type { LiveSession } from "./attached.ts";

/** The sessions with sockets, by user. Most users have one session in this process. */
export class LiveUsers {
  readonly #users = new Map<string, LiveSession | Set<LiveSession>>();

  /** Returns those sessions of a user that have sockets. */
  get(key: string): readonly LiveSession[] {
    const lives = this.#users.get(key);
    if (lives === undefined) return [];
    return lives instanceof Set ? [...lives] : [lives];
  }

  /**
   * Adds a session to its user.
   *
   * @returns true if it is the user's first session
   */
  add(key: string, live: LiveSession): boolean {
    const there = this.#users.get(key);
    if (there instanceof Set) there.add(live);
    else this.#users.set(key, there === undefined ? live : new Set([there, live]));
    return there === undefined;
  }

  /**
   * Removes a session from its user.
   *
   * @returns true if it was the user's last session
   */
  delete(key: string, live: LiveSession): boolean {
    const there = this.#users.get(key);
    if (there instanceof Set) there.delete(live);
    if (there !== live && !(there instanceof Set && there.size === 0)) return false;
    return this.#users.delete(key);
  }
}
