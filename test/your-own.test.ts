// The adapters of docs/adapters/your-own.md and docs/live.md, unchanged, in the suites of all
// adapters.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Sessions, SessionOf } from "@galleta/session";
import type { SessionContext, LazySessions } from "@galleta/session/adapter";
import { describe, expect, it } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { answer } from "./adapters/app.ts";
import { conformance, socketConformance } from "./adapters/conformance.ts";
import { respond, serveHandler } from "./adapters/harnesses/fetch.ts";
import { codeOf, deferred, listen } from "./adapters/harnesses/listen.ts";
import { handshake, reply } from "./adapters/socket-harness.ts";
import { ask } from "./adapters/wire.ts";
import { root } from "./support/doc-examples.ts";

const folder = join(root, "test/.scratch/your-own");
mkdirSync(folder, { recursive: true });

/** The blocks of a page that form an adapter, each as a module. */
async function modulesOf(page: string): Promise<Record<string, unknown>[]> {
  const text = readFileSync(join(root, "docs", page), "utf8");
  const blocks = [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, block = ""]) => block);
  const whole = blocks.filter((block) => /export function/.test(block));
  return Promise.all(
    whole.map((block, index) => {
      const file = join(folder, `${page.replaceAll(/\W/g, "-")}-${index}.ts`);
      writeFileSync(file, block);
      return import(/* @vite-ignore */ file) as Promise<Record<string, unknown>>;
    }),
  );
}

type Handler = (request: Request) => Promise<Response>;
type FetchAdapter = (
  given: LazySessions,
) => (request: Request, next: Handler, fail: (error: unknown) => Response) => Promise<Response>;
type NodeAdapter = (
  given: LazySessions,
) => (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => Promise<void>;
type Sockets = (
  given: Sessions,
  library: object,
) => (req: IncomingMessage, socket: unknown, head: Buffer) => Promise<void>;

const [forFetch, forNode, jar] = await modulesOf("adapters/your-own.md");
const [forSockets] = await modulesOf("live.md");
/** The adapters of the page set their sessions up at once. */
const ready = (given: LazySessions) => (typeof given === "function" ? given() : given);
const fetchAdapter: FetchAdapter = (given) => (forFetch!["session"] as FetchAdapter)(ready(given));
const nodeAdapter: NodeAdapter = (given) => (forNode!["session"] as NodeAdapter)(ready(given));
const sockets = forSockets!["sockets"] as Sockets;

describe("docs/adapters/your-own.md", () => {
  it("shows a whole adapter in 40 lines", () => {
    const page = readFileSync(join(root, "docs/adapters/your-own.md"), "utf8");
    const [, block = ""] = /```ts\n([^]*?)```/.exec(page) ?? [];
    expect(block.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });

  it("fills a jar from a commit", () => {
    const set: unknown[][] = [];
    const cookies = [{ name: "session", value: "x", attributes: { path: "/" } }];
    const fill = jar!["fill"] as (jar: object, commit: object) => void;
    fill({ set: (...args: unknown[]) => set.push(args) }, { cookies });
    expect(set).toEqual([["session", "x", { path: "/" }]]);
  });
});

const asResponse = (error: unknown) => new Response(codeOf(error), { status: 500 });
const view: Handler = (request) => respond(request, request as never);

conformance({
  name: "your own: fetch",
  setsUpAtStart: true,
  start: async (given, beside) => {
    const outer = fetchAdapter(given);
    const inner = beside && fetchAdapter(beside);
    const next: Handler = inner ? (request) => inner(request, view, asResponse) : view;
    return serveHandler((request) => outer(request, next, asResponse).catch(asResponse));
  },
  startTwice: async (given) => {
    const [one, two] = [fetchAdapter(given), fetchAdapter(given)];
    return serveHandler((request) =>
      one(request, (again) => two(again, view, asResponse), asResponse),
    );
  },
  async wrongOrder(given) {
    const told = deferred<unknown>();
    const [one, two] = [fetchAdapter(given), fetchAdapter(given)];
    const running = await serveHandler(async (request) => {
      await one(request, view, asResponse);
      return two(request, view, asResponse).catch((error: unknown) => {
        told.resolve(error);
        return asResponse(error);
      });
    });
    await ask(running.origin, "/untouched");
    await running.close();
    return told.promise;
  },
});

/** A Node framework: middleware, a view, and an error handler. */
function serveNode(...middleware: ReturnType<NodeAdapter>[]) {
  return listen(
    createServer((req, res) => {
      const fail = (error: unknown) => {
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        res.statusCode = 500;
        res.end(codeOf(error));
      };
      const run = (index: number): void => {
        const next = (error?: unknown) => (error === undefined ? run(index + 1) : fail(error));
        if (index < middleware.length) void middleware[index]!(req, res, next);
        else nodeView(req, res).catch(fail);
      };
      run(0);
    }),
  );
}

async function nodeView(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? "/", "http://here");
  const holder = req as unknown as Record<"session" | "prefs", Record<string, unknown>>;
  const { status, headers, body } = await answer({
    path: url.pathname,
    query: url.searchParams,
    get session(): Record<string, unknown> {
      return holder.session;
    },
    set session(value: Record<string, unknown> | null) {
      holder.session = value as never;
    },
    get prefs() {
      return holder.prefs;
    },
    native: req,
    async text() {
      let text = "";
      for await (const chunk of req.setEncoding("utf8")) text += chunk as string;
      return text;
    },
  });
  res.statusCode = status ?? 200;
  for (const [name, value] of headers ?? []) res.setHeader(name, value);
  if (typeof body === "object") Readable.from(body).pipe(res);
  else res.end(body);
}

conformance({
  name: "your own: node",
  setsUpAtStart: true,
  start: (given, beside) =>
    serveNode(...[given, ...(beside ? [beside] : [])].map((each) => nodeAdapter(each))),
  startTwice: (given) => serveNode(nodeAdapter(given), nodeAdapter(given)),
  async wrongOrder(given) {
    const told = deferred<unknown>();
    const middleware = nodeAdapter(given);
    const running = await serveNode(async (req, res) => {
      res.write("begun");
      await middleware(req, res, told.resolve);
      res.end();
    });
    await ask(running.origin, "/read");
    await running.close();
    return told.promise;
  },
});

socketConformance({
  name: "your own",
  path: "/",
  speaksLive: false,
  takesSeveral: false,
  serve(server, sessions) {
    const wss = new WebSocketServer({ noServer: true });
    const cookies = new WeakMap<IncomingMessage, readonly string[]>();
    wss.on("headers", (headers, req) => {
      for (const cookie of cookies.get(req) ?? []) headers.push(`Set-Cookie: ${cookie}`);
    });
    const library = {
      before: (context: SessionContext, req: IncomingMessage) =>
        handshake(context.session, req.url ?? "/"),
      accept(req: IncomingMessage, socket: never, head: Buffer, setCookie: readonly string[]) {
        cookies.set(req, setCookie);
        return new Promise((resolve) => wss.handleUpgrade(req, socket, head, resolve));
      },
      opened(ws: WebSocket, { session }: { session: SessionOf }) {
        ws.on("message", (data) => {
          void reply(session, String(data)).then((text) => ws.send(text));
        });
      },
    };
    const onUpgrade = sockets(sessions as Sessions, library);
    server.on("upgrade", (req, socket, head) => void onUpgrade(req, socket, head));
  },
});
