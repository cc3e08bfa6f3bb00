import { createServer } from "node:http";
import { Readable } from "node:stream";
import express from "express";
import { session as expressSessions } from "@galleta/session/express";
import type { LazySessions } from "@galleta/session/adapter";
import { answer } from "../app.ts";
import type { Harness } from "../harness.ts";
import { ask } from "../wire.ts";
import { codeOf, deferred, listen } from "./listen.ts";

type Express = typeof express;

/** Express 4 and 5 are used in the same way. */
export function expressHarness(
  name: string,
  create: Express,
  session: typeof expressSessions = expressSessions,
): Harness {
  function build(
    given: LazySessions,
    more: (app: ReturnType<Express>) => void = () => {},
    beside?: LazySessions,
  ) {
    const app = create();
    app.set("etag", false);
    more(app);
    app.use(session(given));
    if (beside !== undefined) app.use(session(beside));
    app.use(express.text({ type: () => true, limit: "5mb" }) as never);
    app.use((req, res, next) => {
      void forward(view(req, res), next);
    });
    const onError: express.ErrorRequestHandler = (error: unknown, _req, res, _next) => {
      res.status(500).send(codeOf(error));
    };
    app.use(onError);
    return createServer(app);
  }

  async function view(req: express.Request, res: express.Response): Promise<void> {
    // Of any shape here; what an app declares is checked where types are.
    const holder = req as unknown as Record<"session" | "prefs", Record<string, unknown>>;
    const { status, headers, body } = await answer({
      path: req.path,
      query: new URL(req.url, "http://here").searchParams,
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
      text: () => Promise.resolve(typeof req.body === "string" ? req.body : ""),
    });
    res.status(status ?? 200);
    for (const [header, value] of headers ?? []) res.append(header, value);
    if (typeof body === "object") Readable.from(body).pipe(res);
    else if (body === undefined) res.end();
    else res.send(body);
  }

  return {
    name,
    start: async (given, beside) => listen(build(given, undefined, beside)),
    startTwice: async (given) => listen(build(given, (app) => app.use(session(given)))),
    async wrongOrder(given) {
      const told = deferred<unknown>();
      const app = create();
      app.use((_req, res, next) => {
        res.write("begun");
        next();
      });
      app.use(session(given));
      const onError: express.ErrorRequestHandler = (error: unknown, _req, res, _next) => {
        told.resolve(error);
        res.end();
      };
      app.use(onError);
      const running = await listen(createServer(app));
      await ask(running.origin, "/read");
      await running.close();
      return told.promise;
    },
  };
}

/** Forwards a rejected promise, which Express 4 ignores. */
async function forward(done: Promise<void>, next: (error: unknown) => void): Promise<void> {
  try {
    await done;
  } catch (error) {
    next(error);
  }
}
