import type { StorePort } from "../session/ports.ts";
import type { ENDED, HeldSession, Revision } from "../session/records.ts";
import type { UserEpoch } from "./epoch.ts";
import type { Questions } from "./questions.ts";

/** The store as loading and saving see it: the port, and how it is asked. */
export interface StoreAccess extends StorePort {
  /** Whether requests go on without the store. */
  readonly isOptional: boolean;
  /** Whether it is in this process and answers without a promise. */
  readonly isLocal: boolean;
  readonly questions: Questions;
  /** What a store in this process has of a session. */
  lookAt(sid: string): Revision | typeof ENDED | undefined;
  /** The key of the user that the data names. */
  userKeyOf(data: object): string | undefined;
  /** The revocations of a user, as far as they are known without waiting. */
  epochOf(key: string): UserEpoch | undefined;
  /** Asks for the revocations of a user. @throws SessionError `ERR_SESSION_STORE` */
  readEpoch(key: string): Promise<UserEpoch>;
  /** Whether the end of a session is known here. */
  knowsEnd(session: HeldSession): boolean;
  /** Ends a session in this process now, and in the store as soon as that answers. */
  oweEnd(sid: string, until: number): void;
  /**
   * Ends the id of before a renewal, unless the session was changed since.
   *
   * @returns the change, if there was one
   */
  seal(sid: string, until: number, base: number): Promise<Revision | typeof ENDED | undefined>;
}
