import { Readable } from "node:stream";
import { serve as serveFetch } from "srvx";
import { session } from "@galleta/session/fetch";
import { answer, type Answer, type Call } from "../app.ts";
import type { Harness, Running } from "../harness.ts";
import { ask } from "../wire.ts";
import { codeOf, deferred } from "./listen.ts";

/** The app as a Fetch handler. */
export async function respond(
  request: Request,
  holder: Pick<Call, "session"> & Partial<Pick<Call, "prefs">>,
  text: () => Promise<string> = () => request.text(),
  native: object = holder,
): Promise<Response> {
  const url = new URL(request.url);
  const { status, headers, body } = await answer({
    path: url.pathname,
    query: url.searchParams,
    get session() {
      return holder.session;
    },
    set session(value) {
      holder.session = value;
    },
    get prefs() {
      return holder.prefs!;
    },
    native,
    text,
  });
  return responseOf({
    ...(status && { status }),
    ...(headers && { headers }),
    ...(body && { body }),
  });
}

/**
 * Makes the response that a user of the Fetch API would return. A redirect's headers cannot be
 * changed.
 */
function responseOf({ status = 200, headers = [], body = null as never }: Answer): Response {
  const location = headers.find(([name]) => name === "location")?.[1];
  if (location !== undefined) return redirect(location, status);
  const init = { status, headers: headers.map(([name, value]): [string, string] => [name, value]) };
  if (typeof body !== "object" || body === null) return new Response(body, init);
  return new Response(bytesOf(body), init);
}

/** `Response.redirect` takes no relative location, and so its frozen headers are made by hand. */
function redirect(location: string, status: number): Response {
  const response = new Response(null, { status, headers: { location } });
  const refuse = () => {
    throw new TypeError("immutable");
  };
  for (const name of ["append", "set", "delete"] as const) {
    Object.defineProperty(response.headers, name, { value: refuse });
  }
  return response;
}

function bytesOf(body: AsyncIterable<string>): ReadableStream<Uint8Array> {
  return Readable.toWeb(Readable.from(body).map((text: string) => Buffer.from(text))) as never;
}

/** Serves a Fetch handler with srvx, on a real port. */
export async function serveHandler(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Running> {
  const server = serveFetch({ fetch, port: 0, hostname: "127.0.0.1", silent: true, manual: false });
  await server.ready();
  const origin = new URL(server.url ?? "").origin;
  return { origin, close: () => server.close(true) };
}

const asResponse = (error: unknown) => new Response(codeOf(error), { status: 500 });
const answered = (fetch: (request: Request) => Promise<Response>) => (request: Request) =>
  fetch(request).catch(asResponse);

export const fetchHarness: Harness = {
  name: "fetch",
  async start(given, beside) {
    const settings = { onError: asResponse };
    const handler = (request: Request, holder: Pick<Call, "session">) => respond(request, holder);
    const withSession = session(given);
    if (beside === undefined) return serveHandler(answered(withSession(handler, settings)));
    const inner = session(beside)(handler, settings);
    return serveHandler(answered(withSession(inner, settings)));
  },
  startTwice: async (given) =>
    serveHandler(
      answered(
        session(given)((request) =>
          session(given)((again, holder) => respond(again, holder))(request),
        ),
      ),
    ),
  /** A request that went through one wrapper comes to another. */
  async wrongOrder(given) {
    const told = deferred<unknown>();
    const first = session(given)((request) => respond(request, { session: {} }));
    const second = session(given)((request) => respond(request, { session: {} }));
    const running = await serveHandler(async (request) => {
      await first(request);
      return second(request).catch((error: unknown) => {
        told.resolve(error);
        return asResponse(error);
      });
    });
    await ask(running.origin, "/untouched");
    await running.close();
    return told.promise;
  },
};
