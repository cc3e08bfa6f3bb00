export { LiveSockets, liveSockets } from "./live/foreign.ts";
export type { ClosableSocket } from "./live/foreign-index.ts";
export type { ForeignHandle, ForeignSession, LiveSocketsSettings } from "./live/foreign-types.ts";
