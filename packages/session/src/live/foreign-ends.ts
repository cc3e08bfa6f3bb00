import { ExpiryTimer, type Ending } from "./expiry-timer.ts";
import type { Held } from "./foreign-index.ts";

/**
 * How many seconds this process remembers that a session ended. In this time, the app may still
 * attach a socket whose handshake found the session valid.
 */
const REMEMBER_SECONDS = 60;

/**
 * A session that ended recently, or a user whose sessions ended recently. It is remembered because
 * the app may still attach a socket of such a session.
 */
interface Remembered extends Ending {
  readonly key: string;
  /**
   * The hashed id of the one session of the user that did not end; `undefined` if all of them
   * ended.
   */
  readonly keep: string | undefined;
  /** When this process learned of the end, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * The sessions that ended in the last minute, and the users whose sessions were ended in that time.
 */
export class RecentEnds {
  readonly #ended = new Map<string, Remembered>();
  readonly #expiry = new ExpiryTimer<Remembered>(({ key }) => this.#ended.delete(key));

  /** Remembers the end of a session, or of a user's sessions except the one to keep. */
  add(key: string, keep: string | undefined): void {
    const at = Date.now();
    const endsAt = Math.floor(at / 1000) + REMEMBER_SECONDS;
    const remembered: Remembered = { key, keep, at, endsAt, turnsAt: 0 };
    this.#ended.set(key, remembered);
    this.#expiry.add(remembered);
  }

  /** True if the session of a socket had ended before the socket was attached. */
  has({ name, user }: Held, createdAt: Date | undefined): boolean {
    if (this.#ended.has(name)) return true;
    const ofUser = user === undefined ? undefined : this.#ended.get(user);
    if (ofUser === undefined || createdAt === undefined) return false;
    return ofUser.keep !== name && createdAt.getTime() <= ofUser.at;
  }
}
