import { SessionError } from "@galleta/session";
import type { Commit } from "@galleta/session/adapter";
import { HTTPError as H3Error, type H3Event } from "h3";
import type { Core } from "./core.ts";
import { errorBody, HTTPError } from "./http-error.ts";
import { logError } from "./log.ts";
import { middlewareOf, runMiddleware } from "./middleware.ts";
import { heldOf, HttpRequest, isAborted, markSent, seal } from "./request.ts";
import { accept, clear, HttpResponse, render } from "./response.ts";
import type { AnyErrorHandler, AnyView } from "./route.ts";
import { guard, guardHost } from "./session-guard.ts";
import { protectStaged } from "./staged.ts";

/**
 * A view and its owners: the app that is served, then each mounted app down to the one with the
 * view.
 */
export interface Endpoint {
  readonly view: AnyView;
  readonly owners: readonly Core[];
  /** The largest body in bytes. Default: the limit of the app. */
  readonly bodyLimit?: number | undefined;
}

type Req = HttpRequest<never, never>;
type Answer = Response | Promise<Response>;

/**
 * Runs one request through its app: the checks of the session, the middleware, the view, the error
 * handlers, the commit of the session. Stays synchronous if the view does.
 */
export function handle(endpoint: Endpoint, event: H3Event): Answer {
  const root = endpoint.owners[0]!;
  const bodyLimit = endpoint.bodyLimit ?? root.bodyLimit;
  const req = new HttpRequest<never, never>(event, root, bodyLimit);
  const res = new HttpResponse(root.sessions?.shared.settings.publicPath);
  let first: ReturnType<typeof guard>;
  try {
    const held = heldOf(req);
    first = held === undefined ? guardHost(root.hosts, event) : guard(held);
  } catch (error) {
    return deny(endpoint, req, res, error);
  }
  if (first === undefined) return run(endpoint, req, res);
  if (first instanceof Response) return first;
  return first.then(
    (instead) => instead ?? run(endpoint, req, res),
    (error: unknown) => deny(endpoint, req, res, error),
  );
}

function run(endpoint: Endpoint, req: Req, res: HttpResponse): Answer {
  const stack = middlewareOf(endpoint.owners);
  if (stack.length > 0) return runAround(stack, endpoint, req, res, () => endpoint.view(req, res));
  let returned: unknown;
  try {
    returned = endpoint.view(req, res);
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
  return isPromise(returned)
    ? settle(endpoint, req, res, returned)
    : finish(endpoint, req, res, returned);
}

async function settle(endpoint: Endpoint, req: Req, res: HttpResponse, view: PromiseLike<unknown>) {
  let returned: unknown;
  try {
    returned = await view;
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
  return finish(endpoint, req, res, returned);
}

async function runAround(
  stack: ReturnType<typeof middlewareOf>,
  endpoint: Endpoint,
  req: Req,
  res: HttpResponse,
  view: () => unknown,
): Promise<Response> {
  await runMiddleware(stack, req, res, {
    run: view,
    accept: (returned) => {
      accept(res, returned);
      checkStatus(res);
    },
    answer: (error) => answerError(endpoint, req, res, error),
  });
  return finish(endpoint, req, res, undefined);
}

/**
 * Answers a request that a check denied. Middleware still runs, so that an access log is complete.
 * Using the session or the body throws, and the response remains an error whatever the middleware
 * does.
 */
async function deny(endpoint: Endpoint, req: Req, res: HttpResponse, error: unknown) {
  const stack = middlewareOf(endpoint.owners);
  if (stack.length === 0) return recover(endpoint, req, res, error);
  seal(req, error);
  await runMiddleware(stack, req, res, {
    run: () => {
      throw error;
    },
    accept: (returned) => accept(res, returned),
    answer: async (thrown) => {
      seal(req, undefined);
      await answerError(endpoint, req, res, thrown);
      seal(req, error);
    },
  });
  seal(req, undefined);
  if (res.status >= 400) return finish(endpoint, req, res, undefined);
  clear(res);
  answer(req, res, error);
  return finish(endpoint, req, res, undefined);
}

/** Finishes a view: saves the session, then sends the response. */
function finish(endpoint: Endpoint, req: Req, res: HttpResponse, returned: unknown): Answer {
  try {
    accept(res, returned);
    checkStatus(res);
    const commit = heldOf(req)?.commit();
    return isPromise(commit) ? finishLater(endpoint, req, res, commit) : send(req, res, commit);
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
}

/** Waits for a store to save the session, then finishes. */
async function finishLater(
  endpoint: Endpoint,
  req: Req,
  res: HttpResponse,
  commit: PromiseLike<Commit>,
): Promise<Response> {
  try {
    return send(req, res, await commit);
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
}

function send(req: Req, res: HttpResponse, commit: Commit | undefined): Response {
  markSent(req);
  if (commit) protectStaged(req.event, commit);
  return render(res, commit, req.event);
}

/**
 * Sends the answer to an error of the view or of the commit. Changes to the session are still
 * saved, if that is possible.
 */
async function recover(endpoint: Endpoint, req: Req, res: HttpResponse, error: unknown) {
  await answerError(endpoint, req, res, error);
  try {
    return send(req, res, await heldOf(req)?.commit());
  } catch (failure) {
    clear(res);
    answer(req, res, failure);
    return send(req, res, await lastCommit(req));
  }
}

/**
 * Writes the answer to an error into `res`: that of the app's error handler, or else the
 * framework's.
 */
export async function answerError(
  endpoint: Pick<Endpoint, "owners">,
  req: Req,
  res: HttpResponse,
  error: unknown,
): Promise<void> {
  clear(res);
  try {
    const handler = handlerOf(endpoint, error);
    if (handler === undefined) return answer(req, res, error);
    accept(res, await handler(req, res, error as never));
    checkStatus(res);
  } catch (failure) {
    clear(res);
    answer(req, res, failure);
  }
}

/**
 * Throws for a status that cannot be sent. Runs before the session is saved, because a commit
 * returns its cookies only once.
 */
function checkStatus({ status }: HttpResponse): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError("res.status must be from 200 to 599.");
  }
}

/**
 * Commits again after a failed commit, without the changes that could not be saved. The response
 * still needs the session's other headers.
 */
async function lastCommit(req: Req): Promise<Commit | undefined> {
  try {
    return await heldOf(req)?.commit();
  } catch (error) {
    logError("The session could not be saved:", error);
    return undefined;
  }
}

/** Finds the handler for the error's class or its nearest superclass; inner apps first. */
function handlerOf(
  endpoint: Pick<Endpoint, "owners">,
  error: unknown,
): AnyErrorHandler | undefined {
  if (!(error instanceof Error)) return undefined;
  for (let index = endpoint.owners.length - 1; index >= 0; index -= 1) {
    const { errorHandlers } = endpoint.owners[index]!;
    if (errorHandlers.size === 0) continue;
    for (let type: unknown = error.constructor; type !== null; type = Object.getPrototypeOf(type)) {
      const handler = errorHandlers.get(type);
      if (handler) return handler;
    }
  }
  return undefined;
}

/**
 * Writes the framework's own answer to an error. For an unknown error, the client gets no details.
 */
export function answer(req: Req, res: HttpResponse, error: unknown): void {
  if (error instanceof HTTPError) {
    res.status = error.status;
    for (const [name, value] of error.headers ?? []) res.headers.append(name, value);
    res.json = error;
  } else if (error instanceof SessionError && error.status !== 500) {
    res.status = error.status;
    res.json = errorBody(error.status, error.message, error);
  } else if (H3Error.isError(error) && !error.unhandled && error.status < 500) {
    res.status = error.status;
    for (const [name, value] of error.headers ?? []) res.headers.append(name, value);
    res.json = errorBody(error.status, h3Detail(error));
  } else if (isAborted(req, error)) {
    // The client disconnected and the app is fine. If this were logged, clients that abort uploads
    // could fill the log.
    res.status = 400;
  } else {
    logError(`${req.method} ${req.url.pathname} failed:`, error);
    res.status = 500;
    res.json = errorBody(500);
  }
}

/** Returns the issues of a failed schema, so that a form can show them; otherwise h3's message. */
function h3Detail(error: H3Error): unknown {
  const { data } = error;
  if (typeof data === "object" && data !== null && "issues" in data && data.issues !== undefined) {
    return data;
  }
  return error.message;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
