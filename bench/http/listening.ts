import type { Server } from "node:net";

/** Sends the benchmark the port of a server. */
export function listening(server: Server): void {
  const address = server.address();
  if (address !== null && typeof address === "object") announce(address.port);
}

/** Sends the benchmark the port on which this process listens. */
export function announce(number: number): void {
  console.log(`PORT ${number}`);
}
