import type { StorePort } from "../session/ports.ts";
import type { ENDED, Revision } from "../session/records.ts";
import type { UserEpoch } from "./epoch.ts";
import type { Questions } from "./questions.ts";

/** The methods of the store that loading and saving use. */
export interface StoreAccess extends StorePort {
  /** True if requests go on when the store fails. */
  readonly isOptional: boolean;
  /** True if the store is in this process and answers without a promise. */
  readonly isLocal: boolean;
  readonly questions: Questions;
  /**
   * Returns the stored revision of a session, or `ENDED` if the session has ended. Works only with
   * a store that answers without a promise.
   *
   * @param now seconds since 1970
   */
  lookAt(sid: string, now?: number): Revision | typeof ENDED | undefined;
  /** Returns the store key of the user in a session's data; `undefined` if no user is logged in. */
  userKeyOf(data: object): string | undefined;
  /**
   * Returns what is known about the revocations of a user's sessions; `undefined` if the store must
   * be asked first.
   */
  epochOf(key: string, now?: number): UserEpoch | undefined;
  /**
   * Reads from the store how often the sessions of a user were revoked.
   *
   * @throws SessionError `ERR_SESSION_STORE` if the store fails
   */
  readEpoch(key: string): Promise<UserEpoch>;
}
