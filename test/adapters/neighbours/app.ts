import { createServer, type RequestListener } from "node:http";
import { listen } from "../harnesses/listen.ts";
import { ask, type Received, type Sent } from "../wire.ts";

/** Asks an app that is served for the length of one test. */
export type Asking = (path: string, sent?: Sent) => Promise<Received>;

/** Serves an app on a port of its own for the length of one test. */
export async function during(app: RequestListener, test: (ask: Asking) => Promise<void>) {
  const running = await listen(createServer(app));
  try {
    await test((path, sent) => ask(running.origin, path, sent));
  } finally {
    await running.close();
  }
}
