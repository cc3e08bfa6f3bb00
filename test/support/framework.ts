import { connect } from "node:net";
import { App, configure, type AppSettings } from "galleta";
import { createClient, LiveServer, type ClientOptions } from "galleta/testing";
import { afterEach, beforeEach, vi, type MockInstance } from "vitest";

/** The data of the sessions in these tests. */
export interface Data {
  count: number;
  big: string;
  user: { name: string };
  nested: { list: number[] };
}

/** Sessions that do not log their events. */
export const SESSIONS = {
  secretKey: "b1946ac92492d2347c6235b4d2611184a5f3c0d9",
  onEvent: () => undefined,
};

const closers: (() => unknown)[] = [];

/** Calls a function after the test, whether it passes or fails. */
export function atEnd(close: () => unknown): void {
  closers.push(close);
}

/**
 * Closes after each test everything that it opened, and keeps the framework's log off the screen.
 *
 * @returns the log; `log().mock.calls` has the lines of this test
 */
export function watchLog(): () => MockInstance<typeof console.error> {
  let spy: MockInstance<typeof console.error>;
  beforeEach(() => {
    spy = vi.spyOn(console, "error").mockImplementation(() => undefined);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    vi.restoreAllMocks();
  });
  return () => spy;
}

export function appWith(settings: AppSettings = {}): App<Data> {
  const app = new App<Data>();
  configure(app, settings);
  return app;
}

export function clientOf(app: App<Data>, options: ClientOptions = {}) {
  const client = createClient(app, options);
  atEnd(() => client.close());
  return client;
}

export async function live(app: App<Data>): Promise<LiveServer> {
  const server = await LiveServer.start(app);
  atEnd(() => server.close());
  return server;
}

/** Sends raw bytes, and returns all bytes that come back until the server closes the connection. */
export function raw(server: { port: number }, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write(request));
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

/** Makes a promise with its resolver, so that tests wait for an event instead of a time. */
export function latch<Value = void>() {
  let open!: (value: Value) => void;
  const opened = new Promise<Value>((resolve) => (open = resolve));
  return { open, opened };
}
