import type { Server } from "node:net";

/** The port on which the server of this process listens; 0 before it does. */
export let port = 0;

/** Sends the benchmark the port of a server. */
export function listening(server: Server): void {
  const address = server.address();
  if (address !== null && typeof address === "object") announce(address.port);
}

/** Sends the benchmark the port on which this process listens. */
export function announce(number: number): void {
  port = number;
  console.log(`PORT ${number}`);
}
