import type { Peer } from "crossws";

/** Members of a ws socket that the standard WebSocket lacks. */
interface NodeSocket {
  pause?(): void;
  resume?(): void;
  pong?(data: Uint8Array, mask: boolean, sent: () => void): void;
}

/** Returns the ws socket of a peer. */
export function nodeSocketOf(peer: Peer | undefined): NodeSocket | undefined {
  return peer?.websocket as NodeSocket | undefined;
}
