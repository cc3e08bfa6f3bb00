import type { Peer } from "crossws";
import type { NodeAdapter, NodeOptions } from "crossws/adapters/node";
import { nodeAdapter } from "../seams.ts";
import type { Connection } from "./connection.ts";
import type { Handshake, HandshakeContext } from "./handshake.ts";

type ServerOptions = NonNullable<NodeOptions["serverOptions"]>;

/**
 * Makes the crossws adapter for all sockets with the same limit on the size of a message. The
 * adapter passes each event of a socket to the {@link Connection} of that socket.
 *
 * @param maxPayload the limit in bytes
 */
export function adapterFor(maxPayload: number, opened: (peer: Peer) => void): NodeAdapter {
  return nodeAdapter({
    // The default function for the namespace parses the URL of every request.
    getNamespace: () => "galleta",
    // Off, because crossws' heartbeat would drop a slow client whose socket is not read.
    idleTimeout: 0,
    // Off, because ws answers every ping however many answers wait (see Pongs). The types of
    // crossws lack this newer option.
    serverOptions: { maxPayload, clientTracking: false, autoPong: false } as ServerOptions,
    hooks: {
      upgrade: ({ context }) => (context as HandshakeContext).handshake.answered(),
      open: opened,
      message: (peer, message) => {
        handshakeOf(peer).receive(message.rawData as string | Uint8Array);
      },
      ping: (peer, data) => connectionBehind(peer).pinged(data),
      pong: (peer) => {
        connectionBehind(peer).isAlive = true;
      },
      drain: (peer) => connectionBehind(peer).drained(),
      close: (peer, { code = 1006, reason = "" }) => connectionBehind(peer).closed(code, reason),
    },
  });
}

/** Returns the handshake that opened a socket. */
export function handshakeOf(peer: Peer): Handshake {
  return (peer.context as HandshakeContext).handshake;
}

function connectionBehind(peer: Peer): Connection {
  return handshakeOf(peer).connection;
}
