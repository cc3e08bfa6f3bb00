import { ExpiryTimer, type Ending } from "./expiry-timer.ts";
import type { Held } from "./foreign-index.ts";

/**
 * How many seconds an end is remembered. Until then a socket may arrive whose handshake still found
 * the session valid.
 */
const REMEMBER_SECONDS = 60;

/** A session that ended recently, or a user whose sessions did. Late sockets may still arrive. */
interface Remembered extends Ending {
  readonly key: string;
  /** The id of the user's session that was kept. */
  readonly keep: string | undefined;
  /** When the end was remembered, in milliseconds since 1970. */
  readonly at: number;
}

/** The sessions and users that ended recently. */
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

  /** True if the session of a late socket has ended. */
  has({ name, user }: Held, createdAt: Date | undefined): boolean {
    if (this.#ended.has(name)) return true;
    const ofUser = user === undefined ? undefined : this.#ended.get(user);
    if (ofUser === undefined || createdAt === undefined) return false;
    return ofUser.keep !== name && createdAt.getTime() <= ofUser.at;
  }
}
