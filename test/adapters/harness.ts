import type { SessionEvent, SessionOptions } from "@galleta/session";
import type { LazySessions } from "@galleta/session/adapter";
import { ask, type Received, type Sent } from "./wire.ts";

/** A server that runs the app of the suite. */
export interface Running {
  /** As in `http://127.0.0.1:1234`. */
  readonly origin: string;
  close(): Promise<void>;
}

/** How the app is served with one framework. */
export interface Harness {
  /** The column of the matrix. */
  readonly name: string;
  /**
   * Serves the app as the adapter's documentation shows.
   *
   * @param beside options of a second session, whose property is `prefs`
   */
  start(given: LazySessions, beside?: LazySessions): Promise<Running>;
  /** Serves it with the middleware twice. Its set-up, or its first request, must fail. */
  startTwice(given: LazySessions): Promise<Running>;
  /**
   * Serves it with the session used, or the response begun, before the middleware: the case that
   * the framework allows. Gives the error that comes of it.
   */
  wrongOrder(given: LazySessions): Promise<unknown>;
  /** Whether options by a function are asked for when the server is set up. */
  readonly setsUpAtStart?: boolean;
  /** How requests reach it; default over HTTP/1.1. */
  readonly ask?: typeof ask;
}

export const SECRET = "a secret key of the adapter suite, long enough";

/** Options of a test, and the events that came of it. */
export function withEvents(more: Partial<SessionOptions> = {}) {
  const events: SessionEvent[] = [];
  const options: SessionOptions = {
    secretKey: SECRET,
    onEvent: (event) => events.push(event),
    ...more,
  };
  return { options, events };
}

/** A server, and a shorthand that asks it. */
export interface Service {
  readonly origin: string;
  readonly ask: (path: string, sent?: Sent) => Promise<Received>;
}

/** Runs a test against a server and closes it, whatever the test does. */
export async function serve<T>(
  harness: Harness,
  given: LazySessions,
  test: (service: Service) => Promise<T>,
  beside?: LazySessions,
): Promise<T> {
  const running = await harness.start(given, beside);
  const send = harness.ask ?? ask;
  try {
    return await test({
      origin: running.origin,
      ask: (path, sent) => send(running.origin, path, sent),
    });
  } finally {
    await running.close();
  }
}
