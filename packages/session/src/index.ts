export { CSRF_FIELD, CSRF_HEADER } from "./csrf/form.ts";
export type { CsrfOption, CsrfSettings } from "./csrf/csrf-options.ts";
export type { TrustProxy } from "./site/proxy.ts";
export { csrfToken, verifyToken } from "./csrf/session-token.ts";
export type { Sessions } from "./engine.ts";
export type { SessionOptions } from "./set-up.ts";
export { SessionError, type SessionErrorCode, type SessionErrorOptions } from "./errors.ts";
export type { Backplane } from "./live/backplane.ts";
export { clusterBackplane } from "./live/cluster.ts";
export { sessionBackplane } from "./live/session-backplane.ts";
export { attachStream, type StreamOptions, type StreamTarget } from "./live/stream.ts";
export { update, type UpdateOptions } from "./live/update.ts";
export { Secret } from "./secret.ts";
export type { ConnectedBackplane, ConnectedStore, MaxSessions } from "./session/connect.ts";
// With `export *`, and only with it, an app's declarations merge into SessionData.
export * from "./session/data.ts";
export type {
  EndedBy,
  SessionEvent,
  SessionEventType,
  SessionListener,
} from "./session/event-types.ts";
export type {
  CookieSource,
  FormatCookie,
  FormatReading,
  JsonObject,
  JsonValue,
  RejectReason,
  SessionFormat,
  StoredFormat,
} from "./session/format.ts";
export {
  authenticatedAt,
  describe,
  destroy,
  flash,
  label,
  renew,
  setMaxAge,
  type DestroyOptions,
  type SessionDescription,
} from "./session/functions.ts";
export type { ListedSession, ResumeOptions } from "./session/ports.ts";
export type { SecretKeys } from "./session/secret-keys.ts";
export type { StandardSchema } from "./session/schema.ts";
export { createSessions, type CreateSessionsOptions } from "./sessions.ts";
export { sessionStore } from "./store/custom.ts";
export { memoryStore, type MemoryStoreOptions } from "./store/memory.ts";
export { revokeOthers } from "./store/revoke.ts";
export type { KeyValueStore, SessionStore, StoredValue, Write } from "./store/store.ts";
