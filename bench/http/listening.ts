import type { Server } from "node:net";

/** Tells the benchmark the port of a server that listens. */
export function listening(server: Server): void {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`PORT ${address.port}`);
}
