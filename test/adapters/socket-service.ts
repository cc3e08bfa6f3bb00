import {
  connect,
  serveSockets,
  type Connected,
  type Refused,
  type SocketHarness,
} from "./socket-harness.ts";
import { ask, type Jar } from "./wire.ts";

/** One row of the matrix for sockets. */
export interface SocketCase {
  readonly name: string;
  readonly run: (harness: SocketHarness) => Promise<void>;
  /** True if a page must use `@galleta/session/client`. */
  readonly needsLive?: true;
  /** Only where the adapter takes a list of sessions. */
  readonly needsSeveral?: true;
}

type Open = (
  query?: string,
  headers?: Record<string, string>,
  protocols?: string[],
) => Promise<Connected | Refused>;

interface Service {
  readonly open: Open;
  readonly get: (path: string, jar: Jar) => Promise<string>;
  readonly origin: string;
}

/** Serves the app of a case, and closes its sockets afterwards. */
export async function serveCase(
  harness: SocketHarness,
  options: Parameters<typeof serveSockets>[1],
  test: (service: Service) => Promise<void>,
  beside?: Parameters<typeof serveSockets>[2],
): Promise<void> {
  const running = await serveSockets(harness, options, beside);
  const sockets: Connected[] = [];
  try {
    await test({
      origin: running.origin,
      async open(query = "", headers = {}, protocols = []) {
        const outcome = await connect(harness, running.origin, query, headers, protocols);
        if ("talk" in outcome) sockets.push(outcome);
        return outcome;
      },
      get: async (path, jar) => (await ask(running.origin, path, { jar })).body,
    });
  } finally {
    for (const socket of sockets) socket.close();
    await running.close();
  }
}

/** Returns an open socket, or throws the answer that denied it. */
export function opened(outcome: Connected | Refused): Connected {
  if (!("talk" in outcome)) throw new Error(`refused with ${outcome.status}: ${outcome.body}`);
  return outcome;
}
