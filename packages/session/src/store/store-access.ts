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
   * Returns the stored revision of a session, or that it has ended. Only for a store in this
   * process.
   *
   * @param now seconds since 1970
   */
  lookAt(sid: string, now?: number): Revision | typeof ENDED | undefined;
  /** Returns the key of the user in the data. */
  userKeyOf(data: object): string | undefined;
  /** Returns the revocations of a user, if they are known without waiting. */
  epochOf(key: string, now?: number): UserEpoch | undefined;
  /**
   * Reads the revocations of a user from the store.
   *
   * @throws SessionError `ERR_SESSION_STORE`
   */
  readEpoch(key: string): Promise<UserEpoch>;
}
