export {
  authenticatedAt,
  clusterBackplane,
  csrfToken,
  describe,
  destroy,
  flash,
  label,
  memoryStore,
  renew,
  revokeOthers,
  Secret,
  SessionError,
  setMaxAge,
  type DestroyOptions,
  type SessionDescription,
  type SessionErrorCode,
  type SessionEvent,
  type SessionEventType,
  type SessionOf,
  type CreateSessionsOptions,
  type SessionOptions,
  type Sessions,
  type StandardSchema,
  update,
  type UpdateOptions,
  verifyToken,
} from "@galleta/session";
// With `export *`, and only with it, an app's `declare module "galleta"` merges into SessionData.
export type * from "@galleta/session";
export { App, type ErrorClass, type Mountable } from "./app.ts";
export { Config, type ConfigCast, type ConfigOptions } from "./config.ts";
export {
  ConfigError,
  GalletaError,
  SettingsError,
  WebSocketDisconnect,
  type GalletaErrorCode,
} from "./errors.ts";
export { HTTPError, type HTTPErrorBody, type HTTPErrorOptions } from "./http-error.ts";
export type { LifecycleEvent, LifecycleListener } from "./lifecycle.ts";
export type { HttpRequest } from "./request.ts";
export type { HttpResponse } from "./response.ts";
export type {
  ErrorHandler,
  MessageOf,
  Middleware,
  ParamsOf,
  RouteOptions,
  SocketOptions,
  SocketView,
  ValueType,
  View,
} from "./route.ts";
export { serve, type ServeOptions, type Server } from "./serve.ts";
export {
  configure,
  settings,
  type AppSettings,
  type Plugin,
  type PluginEntry,
  type Settings,
} from "./settings.ts";
export type { SessionSettings } from "./session-settings.ts";
export type { AcceptOptions } from "./websocket/connection-hooks.ts";
export type { ChangeListener } from "./websocket/socket-session.ts";
export type { Socket } from "./websocket/socket.ts";
