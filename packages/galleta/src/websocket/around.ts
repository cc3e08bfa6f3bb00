import type { Core } from "../core.ts";
import { logError } from "../log.ts";
import { HTTPError } from "../http-error.ts";
import { runMiddleware } from "../middleware.ts";
import { answer, answerError } from "../pipeline.ts";
import { heldOf, seal, type HttpRequest } from "../request.ts";
import { loadSessions } from "../several.ts";
import { accept, clear, HttpResponse, render } from "../response.ts";
import type { AnyMiddleware } from "../route.ts";
import type { Verdict } from "./connection-hooks.ts";
import type { Gate } from "./handshake.ts";

type Req = HttpRequest<never, never>;

/** The steps of the server in a WebSocket handshake. If one throws, the handshake is denied. */
interface Steps {
  /** Throws if the handshake must be denied. */
  check(): void;
  /**
   * Starts the WebSocket view. `gate` delays the answer to the handshake until all middleware has
   * finished.
   */
  start(gate: Gate): void;
}

/**
 * Runs the middleware of an app around a WebSocket handshake, as around a view. The view starts
 * when the last middleware calls `next()`, and the 101 is sent when all middleware has finished.
 * Never rejects.
 *
 * @returns the response to send if the view was not started
 */
export async function runAround(
  stack: readonly AnyMiddleware[],
  owners: readonly Core[],
  req: Req,
  steps: Steps,
): Promise<Response | undefined> {
  const res = new HttpResponse();
  const denial = await denialOf(req, steps);
  seal(req, denial);
  let verdict: Verdict | undefined;
  let release: ((answer: Verdict | Response) => void) | undefined;
  await runMiddleware(stack, req, res, {
    run: async () => {
      if (denial !== undefined) throw denial;
      verdict = await new Promise<Verdict>((resolve) => {
        steps.start((decided) => {
          resolve(decided);
          return new Promise((sent) => (release = sent));
        });
      });
      if (!verdict.accepted) throw verdict.error;
      res.status = 101;
    },
    accept: (returned) => accept(res, returned),
    answer: async (error) => {
      clear(res);
      // Errors of the server or the view get the same answer with and without middleware.
      const isOurs = error === denial || (verdict?.accepted === false && error === verdict.error);
      if (isOurs) answer(req, res, error);
      else await answerError({ owners }, req, res, error);
    },
  });
  seal(req, undefined);
  if (denial !== undefined && res.status < 400) {
    clear(res);
    answer(req, res, denial);
  }
  if (verdict?.accepted === true && res.status === 101) {
    release?.({ ...verdict, headers: withHeaders(verdict.headers, res) });
    return undefined;
  }
  const response = await respond(req, res);
  if (release === undefined) return response;
  release(response);
  return undefined;
}

async function denialOf(req: Req, steps: Steps): Promise<unknown> {
  try {
    steps.check();
    await loadSessions(heldOf(req));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Returns the response that denies the handshake, with what the middleware set on `res`. */
async function respond(req: Req, res: HttpResponse): Promise<Response> {
  if (res.status < 200 || res.status > 599) {
    clear(res);
    answer(req, res, new RangeError("res.status must be from 200 to 599."));
  }
  try {
    return render(res, await heldOf(req)?.commit(), req.event);
  } catch (error) {
    logError("The session of a handshake could not be saved:", error);
    return Response.json(new HTTPError(500), { status: 500 });
  }
}

/** Joins the headers that the view and the middleware set for the 101 response. */
function withHeaders(headers: Headers | undefined, res: HttpResponse): Headers | undefined {
  const added = [...res.headers];
  if (added.length === 0) return headers;
  const all = new Headers(headers);
  for (const [name, value] of added) {
    if (name === "set-cookie" || !all.has(name)) all.append(name, value);
  }
  return all;
}
