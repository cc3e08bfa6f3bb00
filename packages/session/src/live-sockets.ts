export {
  LiveSockets,
  liveSockets,
  type ForeignHandle,
  type ForeignSession,
  type LiveSocketsSettings,
} from "./live/foreign.ts";
export type { ClosableSocket } from "./live/foreign-index.ts";
