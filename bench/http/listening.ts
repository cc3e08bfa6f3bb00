import type { Server } from "node:net";

/** Sends the benchmark the port of a server. */
export function listening(server: Server): void {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`PORT ${address.port}`);
}
