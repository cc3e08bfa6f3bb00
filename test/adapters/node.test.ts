import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createServer2 } from "node:http2";
import { Readable } from "node:stream";
import { session, type NodeSessions } from "@galleta/session/node";
import { answer } from "./app.ts";
import { conformance } from "./conformance.ts";
import type { Harness } from "./harness.ts";
import { codeOf, deferred, listen } from "./harnesses/listen.ts";
import { ask, ask2 } from "./wire.ts";

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown;
type Request = Parameters<Parameters<NodeSessions>[0]>[0] & IncomingMessage;

async function textOf(req: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of req.setEncoding("utf8")) text += chunk as string;
  return text;
}

/** The view of a plain Node server: errors, headers, streams. */
async function view(req: Request, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? "/", "http://here");
  try {
    const { status, headers, body } = await answer({
      path: url.pathname,
      query: url.searchParams,
      get session() {
        return req.session;
      },
      set session(value) {
        req.session = value;
      },
      get prefs() {
        return (req as unknown as { prefs: Record<string, unknown> }).prefs;
      },
      native: req,
      text: () => textOf(req),
    });
    res.statusCode = status ?? 200;
    for (const [name, value] of headers ?? []) res.setHeader(name, value);
    if (typeof body === "object") Readable.from(body).pipe(res);
    else res.end(body);
  } catch (error) {
    if (res.headersSent) throw error;
    res.statusCode = 500;
    res.end(codeOf(error));
  }
}

function nodeHarness(
  name: string,
  create: (listener: Listener) => ReturnType<typeof createServer>,
  send = ask,
) {
  const harness: Harness = {
    name,
    ask: send,
    async start(given, beside) {
      const settings = {
        onError: (_error: unknown, _req: unknown, res: unknown) => fail(res as never),
      };
      const inner = beside === undefined ? view : session(beside, settings)(view as never);
      const outer = session(given, settings)(inner as never);
      return listen(
        create((req, res) => {
          try {
            outer(req, res);
          } catch (error) {
            res.statusCode = 500;
            res.end(codeOf(error));
          }
        }),
      );
    },
    startTwice: async (given) => {
      const twice = session(given)(session(given)(view as never) as never);
      return listen(
        create((req, res) => {
          try {
            twice(req, res);
          } catch (error) {
            res.statusCode = 500;
            res.end(codeOf(error));
          }
        }),
      );
    },
    async wrongOrder(given) {
      const told = deferred<unknown>();
      const withSession = session(given);
      const running = await listen(
        create((req, res) => {
          res.write("begun");
          try {
            void withSession.attach(req, res);
          } catch (error) {
            told.resolve(error);
          }
          res.end();
        }),
      );
      await send(running.origin, "/read");
      await running.close();
      return told.promise;
    },
  };
  return harness;
}

function fail(res: { statusCode: number; end(): unknown }): void {
  res.statusCode = 500;
  res.end();
}

conformance(nodeHarness("node:http", createServer));
/** HTTP/2 asks for a WebSocket with CONNECT, for which Node has a separate listener. */
const serveHttp2 = (listener: Listener) => {
  const server = createServer2({ settings: { enableConnectProtocol: true } }, listener as never);
  return server.on("connect", listener as never) as never;
};
conformance(nodeHarness("node:http2", serveHttp2, ask2));
