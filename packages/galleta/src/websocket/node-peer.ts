import type { Peer } from "crossws";

/** The methods that a WebSocket of the package ws has beyond the standard ones. */
interface NodeSocket {
  pause?(): void;
  resume?(): void;
  pong?(data: Uint8Array, mask: boolean, sent: () => void): void;
}

/** Returns the WebSocket of the package ws that belongs to a crossws peer. */
export function nodeSocketOf(peer: Peer | undefined): NodeSocket | undefined {
  return peer?.websocket as NodeSocket | undefined;
}
